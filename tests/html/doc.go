// Package html opens the page of "memgate check -o html" in headless Chromium. It is a
// module of its own, because what drives a browser has no place in memgate.
package html
