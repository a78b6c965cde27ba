package report

import "github.com/memgate/memgate/pkg/manifest"

// An ObjectWriter is a Writer that counts objects, too, those without a finding among
// them. It is told of each object, once, before the findings and gaps of the object.
type ObjectWriter interface {
	Writer
	Object(object Object, at manifest.Position) error
}

// Several writes several reports of one run. The first error ends the event that it
// belongs to: reports after the one that cannot be written do not see it.
func Several(writers ...Writer) ObjectWriter { return several(writers) }

type several []Writer

func (s several) each(event func(Writer) error) error {
	for _, w := range s {
		if err := event(w); err != nil {
			return err
		}
	}
	return nil
}

func (s several) Finding(f Finding) error {
	return s.each(func(w Writer) error { return w.Finding(f) })
}
func (s several) Gap(g Gap) error   { return s.each(func(w Writer) error { return w.Gap(g) }) }
func (s several) Skip(k Skip) error { return s.each(func(w Writer) error { return w.Skip(k) }) }
func (s several) Close(sum Summary) error {
	return s.each(func(w Writer) error { return w.Close(sum) })
}

func (s several) Object(o Object, at manifest.Position) error {
	return s.each(func(w Writer) error {
		if w, ok := w.(ObjectWriter); ok {
			return w.Object(o, at)
		}
		return nil
	})
}
