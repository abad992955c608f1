// Package catalog is THE list: names in the settings to constructors. It is
// the only package that imports every part.
//
// Promise: Build makes parts and starts nothing. What it cannot make it
// reports with the setting's name, so that the place in the file can be shown.
package catalog
