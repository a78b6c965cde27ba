package source

import (
	"errors"
	"io"
	"os"
)

// Twice is a copy of files that can be opened more than once: what is no regular file,
// such as standard input or a pipe, is written to a temporary file when it is opened
// first. If that fails, opening it fails every time: the part that was written would pass
// for the whole. Call remove when done. The files must not be opened by several goroutines
// at once.
func Twice(files []File) (copies []File, remove func() error) {
	var spools []*spool
	for _, file := range files {
		if info, err := os.Stat(file.Name); file.Name == Stdin || err != nil || !info.Mode().IsRegular() {
			s := &spool{from: file}
			spools = append(spools, s)
			file.open = s.open
		}
		copies = append(copies, file)
	}
	return copies, func() error {
		var errs []error
		for _, s := range spools {
			if s.path != "" {
				errs = append(errs, os.Remove(s.path))
			}
		}
		return errors.Join(errs...)
	}
}

// A spool is a file and its copy.
type spool struct {
	from File
	path string // of the copy, "" before there is one
	err  error  // of making it
}

func (s *spool) open() (io.ReadCloser, error) {
	if s.path == "" && s.err == nil {
		s.err = s.fill()
	}
	if s.err != nil {
		return nil, &PathError{s.from.Name, s.err}
	}
	return os.Open(s.path)
}

func (s *spool) fill() error {
	in, err := s.from.Open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	out, err := os.CreateTemp("", "memgate-*")
	if err != nil {
		return err
	}
	s.path = out.Name()
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
