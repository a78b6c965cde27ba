package report

// Several writes several reports of one run. The first error ends the event that it
// belongs to: reports after the one that cannot be written do not see it.
func Several(writers ...Writer) Writer {
	if len(writers) == 1 {
		return writers[0]
	}
	return several(writers)
}

type several []Writer

func (s several) each(event func(Writer) error) error {
	for _, w := range s {
		if err := event(w); err != nil {
			return err
		}
	}
	return nil
}

func (s several) Object(e Entry) error { return s.each(func(w Writer) error { return w.Object(e) }) }

func (s several) Finding(f Finding) error {
	return s.each(func(w Writer) error { return w.Finding(f) })
}

func (s several) Suppressed(f Finding, by Suppression) error {
	return s.each(func(w Writer) error { return w.Suppressed(f, by) })
}
func (s several) Gap(g Gap) error   { return s.each(func(w Writer) error { return w.Gap(g) }) }
func (s several) Skip(k Skip) error { return s.each(func(w Writer) error { return w.Skip(k) }) }
func (s several) Note(n Note) error { return s.each(func(w Writer) error { return w.Note(n) }) }
func (s several) Close(sum Summary) error {
	return s.each(func(w Writer) error { return w.Close(sum) })
}
