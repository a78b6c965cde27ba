package source

import (
	"errors"
	"io"
	"os"
)

// Twice is a copy of files that can be opened more than once: what is no regular file,
// such as standard input or a pipe, is written to a temporary file when it is opened
// first. Call remove when done.
func Twice(files []File) (copies []File, remove func() error) {
	var spooled []*string
	for _, file := range files {
		if info, err := os.Stat(file.Name); file.Name != Stdin && err == nil && info.Mode().IsRegular() {
			copies = append(copies, file)
			continue
		}
		path := new(string)
		spooled = append(spooled, path)
		copies = append(copies, File{Name: file.Name, open: func() (io.ReadCloser, error) {
			if *path == "" {
				if err := spool(file, path); err != nil {
					return nil, err
				}
			}
			return os.Open(*path)
		}})
	}
	return copies, func() error {
		var errs []error
		for _, path := range spooled {
			if *path != "" {
				errs = append(errs, os.Remove(*path))
			}
		}
		return errors.Join(errs...)
	}
}

func spool(file File, path *string) error {
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	out, err := os.CreateTemp("", "memgate-*")
	if err != nil {
		return err
	}
	*path = out.Name()
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
