package catalog

// fieldError is a parameter that a part cannot take: field as package conf
// names it, below the part's element.
type fieldError struct{ field, what, fix string }

// Error says what is wrong.
func (e fieldError) Error() string { return e.what }

// Field names the parameter.
func (e fieldError) Field() string { return e.field }

// Fix is what to write instead.
func (e fieldError) Fix() string { return e.fix }
