package file

import (
	"fmt"
	"strings"
	"time"

	"sluice/parser/timefmt"
	"sluice/setting"
	"sluice/sink/format"
)

// Config is Fluentd's match file.
type Config struct {
	Path                   string        `conf:"path,required"` // with * for the time slice, ${tag}, ${tag[0]}, ${field}, %Y%m%d
	AddPathSuffix          bool          `conf:"add_path_suffix"`
	PathSuffix             string        `conf:"path_suffix"`
	Append                 bool          `conf:"append"` // to a file that is there; else each run begins files of its own: _0, _1
	Compress               string        `conf:"compress,oneof=text|gz|gzip|zstd"`
	SymlinkPath            string        `conf:"symlink_path"`
	SymlinkPathUseRelative bool          `conf:"symlink_path_use_relative"`
	TimeSliceFormat        string        `conf:"time_slice_format"` // for * and the end of the path, instead of timekey's
	Format                 format.Config `conf:"format"`
	Inject                 format.Inject `conf:"inject"`

	// Timekey is the length of a time slice; 0: there are none. It and its zone
	// stand in Fluentd's <buffer>.
	Timekey time.Duration
	Zone    *time.Location // nil: local time
}

// DefaultConfig is Fluentd's.
func DefaultConfig() Config {
	return Config{
		AddPathSuffix: true, PathSuffix: ".log", Compress: "text", Timekey: 24 * time.Hour,
		Format: format.DefaultConfig("out_file"), Inject: format.DefaultInject(),
	}
}

// index stands in a path where the number of the run's file goes.
const index = "_**"

// template is the path with everything that Fluentd adds to it: the time slice
// where none is named, the number, the suffixes.
func (c *Config) template() (string, error) {
	number, packed, slice := index, "", ""
	if c.Append {
		number = ""
	}
	switch c.Compress {
	case "gz", "gzip":
		packed = ".gz"
	case "zstd":
		packed = ".zstd"
	}
	if c.Timekey > 0 {
		slice = sliceForm(c.Timekey)
		if c.TimeSliceFormat != "" {
			slice = c.TimeSliceFormat
		}
	}
	if strings.Contains(c.Path, "*") {
		if slice == "" {
			return "", setting.Instead("path", "the path has a * and there are no time slices", "write <buffer time> with timekey, or leave the * out")
		}
		return strings.ReplaceAll(c.Path, "*", slice+number) + packed, nil
	}
	path := c.Path
	if slice != "" && c.TimeSliceFormat == "" {
		named, missing := placeholders(slice, path)
		switch {
		case named && missing != "":
			return "", setting.Instead("path", fmt.Sprintf("the path does not tell slices of %v apart", c.Timekey), "add "+missing+" to it")
		case !named:
			path += "." + slice
		}
	} else if slice != "" {
		path += "." + slice
	}
	suffix := ""
	if c.AddPathSuffix {
		suffix = c.PathSuffix
	}
	return path + number + suffix + packed, nil
}

// placeholders tells whether path has any directive of slice, and one that it
// lacks.
func placeholders(slice, path string) (named bool, missing string) {
	for i := 0; i+1 < len(slice); i += 2 {
		if strings.Contains(path, slice[i:i+2]) {
			named = true
		} else {
			missing += slice[i : i+2]
		}
	}
	return named, missing
}

// sliceForm is how Fluentd names slices of that length.
func sliceForm(timekey time.Duration) string {
	switch {
	case timekey < time.Minute:
		return "%Y%m%d%H%M%S"
	case timekey < time.Hour:
		return "%Y%m%d%H%M"
	case timekey < 24*time.Hour:
		return "%Y%m%d%H"
	}
	return "%Y%m%d"
}

// Zone reads timekey_use_utc and timekey_zone.
func Zone(utc bool, name string) (*time.Location, error) {
	switch {
	case name != "":
		return timefmt.Zone(name)
	case utc:
		return time.UTC, nil
	}
	return time.Local, nil
}
