package conf

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// LoadOptions say where settings come from and what they may be.
type LoadOptions struct {
	// File is the settings file; empty: none.
	File string
	// Schema points to a struct that holds the defaults; Load fills it.
	Schema any
	// Env are further environment variables, name to setting. The setting's own
	// (EnvName) comes before them.
	Env map[string]string
	// EnvDefaults are environment variables that only stand in for a default: the
	// file comes before them.
	EnvDefaults map[string]string
	// Flags are the command line's; those named by FlagName are settings.
	Flags *pflag.FlagSet
}

// Tree is a configuration, the environment and the flags laid over it.
type Tree struct{ Root *Element }

// maxFile bounds a settings file, in bytes.
const maxFile = 4 << 20

// Load reads the file, lays environment and flags over it and fills the
// schema's struct. Of two sources the first counts: flag, environment, file,
// EnvDefaults, default. An environment variable that is set but empty counts as
// not set. The tree is never nil.
func Load(o LoadOptions) (*Tree, Problems) {
	if o.File == "" {
		return load(o, &Element{}, nil)
	}
	file := Pos{Origin: FromFile, Name: o.File, Line: 1, Col: 1}
	data, err := readSettings(o.File)
	if err != nil {
		problems := Problems{{Pos: file, What: fmt.Sprintf("cannot read the settings: %v", err), Fix: "name a readable file"}}
		return &Tree{Root: &Element{Pos: file}}, problems
	}
	root, whole, problems := parseYAML(o.File, data, newExpander())
	if !whole { // what else is missing would be no news
		return &Tree{Root: root}, problems
	}
	return load(o, root, problems)
}

func readSettings(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %s", path, FormatSize(maxFile))
	}
	return data, err
}

func load(o LoadOptions, root *Element, problems Problems) (*Tree, Problems) {
	t := &Tree{Root: root}
	settings := Settings(o.Schema)
	problems = append(problems, t.overlay(o, settings)...)
	problems = append(problems, Decode(root, o.Schema)...)
	problems = append(problems, strayEnv(settings)...)
	problems.Sort()
	return t, problems
}

// overlay lets viper decide, setting by setting, which source counts, and puts
// the outcome into the tree. The file's leaves travel through viper as *Param,
// so that they keep their place, and only under the schema's names: viper
// folds names to lower case.
func (t *Tree) overlay(o LoadOptions, settings []Setting) (problems Problems) {
	v := viper.New()
	leaves := map[string]any{}
	variables := map[string][]string{}
	for name, setting := range o.Env {
		variables[setting] = append(variables[setting], name)
	}
	for name, setting := range o.EnvDefaults {
		if val := os.Getenv(name); val != "" {
			v.SetDefault(setting, &Param{Value: val, Pos: Pos{Origin: FromEnv, Name: name}})
		}
	}
	for _, s := range settings {
		if s.Env == "" {
			continue
		}
		variables[s.Name] = append([]string{s.Env}, variables[s.Name]...)
		// Errors: BindEnv and BindPFlag want an argument, and have one.
		_ = v.BindEnv(append([]string{s.Name}, variables[s.Name]...)...)
		if f := lookupFlag(o.Flags, s.Flag); f != nil {
			_ = v.BindPFlag(s.Name, f)
		}
		if p := t.param(s.Name); p != nil && !p.Null {
			leaves[s.Name] = p
		}
	}
	if err := v.MergeConfigMap(leaves); err != nil {
		panic("BUG: viper refuses a map: " + err.Error())
	}
	x := newExpander()
	for _, s := range settings {
		if s.Env == "" {
			continue
		}
		if p, ok := chosen(v.Get(s.Name), variables[s.Name], lookupFlag(o.Flags, s.Flag)); ok {
			for i := range p.List {
				p.List[i].Pos = p.Pos
			}
			p.Name = s.Name[strings.LastIndexByte(s.Name, '.')+1:]
			p.expandWith(x, &problems)
			t.put(s.Name, p)
		}
	}
	return problems
}

func lookupFlag(flags *pflag.FlagSet, name string) *pflag.Flag {
	if flags == nil {
		return nil
	}
	return flags.Lookup(name)
}

// chosen turns what viper found into a parameter with its place; false: the
// tree has it already, or nobody set it.
func chosen(got any, variables []string, flag *pflag.Flag) (Param, bool) {
	var p Param
	switch got := got.(type) {
	case *Param:
		return *got, got.Pos.Origin == FromEnv // a stand-in for a default
	case string:
		p.Value = got
	case []string:
		p.List = []Param{}
		for _, item := range got {
			p.List = append(p.List, Param{Value: item})
		}
	default:
		return p, false
	}
	if flag != nil && flag.Changed {
		p.Pos = Pos{Origin: FromFlag, Name: flag.Name}
		return p, true
	}
	for _, name := range variables {
		if os.Getenv(name) != "" {
			p.Pos = Pos{Origin: FromEnv, Name: name}
			return p, true
		}
	}
	return p, false // an unused flag's own default
}
