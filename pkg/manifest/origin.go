package manifest

// An Origin knows where the values of an object were written that was built from others,
// so that nobody wrote it as it is. Its methods are safe for concurrent use.
type Origin interface {
	// Place returns where the value at path was written, or was missed, as
	// Object.Place does; Derived if the nearest place had to do.
	Place(path []any) Place
	// Lines returns the lines around such a place, as Object.Lines does.
	Lines(p Place, around int) (first int, lines []string)
	// Written returns the object as somebody wrote it, and where the value at path, or the
	// nearest that there is, stands in that; nil if nobody wrote one.
	Written(path []any) (object *Object, at []any)
}

// Written returns the object as somebody wrote it, where o was built from it, and where the
// value at path, or the nearest that there is, stands in that. The object is nil if o was
// not built, or if nobody wrote one.
func (o *Object) Written(path []any) (object *Object, at []any) {
	if o.origin == nil {
		return nil, nil
	}
	return o.origin.Written(path)
}

// WithOrigin returns an object with the same value that has the places of an origin. Paths
// lead there from the root of o's document.
func (o *Object) WithOrigin(origin Origin) *Object {
	c := *o
	c.origin = origin
	return &c
}

// Built is what was built from several files.
type Built struct {
	// Objects are in the order in which they were built. Their places are in the files that
	// they were written in; see Origin.
	Objects []*Object
	// Dropped are objects of Resources that none of Objects was made of, such as those that a
	// patch deletes.
	Dropped []*Object
	// Resources are the files whose objects take part as they are, by absolute path without
	// symbolic links, sorted: what is in them counts as built.
	Resources []string
	// Files are all files that were read, in the same form.
	Files []string
}
