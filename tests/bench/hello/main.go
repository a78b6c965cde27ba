// Hello is the least a Go process can do; start-up is measured against it.
package main

import "os"

func main() { _, _ = os.Stdout.WriteString("hello, world\n") }
