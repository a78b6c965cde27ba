// Package formats reads memgate's reports as others do: by the schema of the format, and
// by a reader that is not memgate's. It is a module of its own, for the sake of these
// readers; it holds tests only.
package formats
