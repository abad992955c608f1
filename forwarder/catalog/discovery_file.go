package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/sink/forward"
)

// fileInterval is how often a file of servers is read again.
const fileInterval = 5 * time.Second

// fileDiscovery is a file with a list of servers, in YAML or JSON, which is YAML.
type fileDiscovery struct {
	Type     string `conf:"type"`
	Path     string `conf:"path"`
	Encoding string `conf:"conf_encoding"`
}

// check reads the file once, so that what is wrong with it is told at the start.
func (d *fileDiscovery) check() error {
	if e := strings.ToLower(d.Encoding); e != "utf-8" && e != "utf8" {
		return fieldError{"conf_encoding", "conf_encoding " + d.Encoding + " is not supported", "write the file in UTF-8"}
	}
	if _, err := d.find(context.Background()); err != nil {
		return fieldError{"path", err.Error(), "write a list of services such as - { host: HOST, port: 24224 }"}
	}
	return nil
}

// find reads what servers there are.
func (d *fileDiscovery) find(context.Context) ([]forward.Server, error) {
	list, err := readServices(d.Path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the servers in %s: %w", d.Path, err)
	}
	return list, nil
}

// service is one server in the file.
type service struct {
	Host      string `yaml:"host"`
	Port      int    `yaml:"port"`
	Name      string `yaml:"name"`
	Weight    *int   `yaml:"weight"`
	Standby   bool   `yaml:"standby"`
	Username  string `yaml:"username"`
	Password  string `yaml:"password"`
	SharedKey string `yaml:"shared_key"`
}

// ourTypes takes Go's names out of what is wrong.
var ourTypes = strings.NewReplacer(" in type catalog.service", "", "[]catalog.service", "a list of services", "catalog.service", "a service")

func readServices(path string) (list []forward.Server, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var services []service
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var wrong *yaml.TypeError
	switch err := d.Decode(&services); {
	case errors.As(err, &wrong):
		return nil, errors.New(ourTypes.Replace(strings.Join(wrong.Errors, "; ")))
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	for _, s := range services {
		server := forward.Server{
			Host: s.Host, Port: s.Port, Name: s.Name, Weight: 60, Standby: s.Standby, Username: s.Username, Password: s.Password, SharedKey: s.SharedKey,
		}
		if s.Weight != nil {
			server.Weight = *s.Weight
		}
		list = append(list, server)
	}
	if len(list) == 0 {
		return nil, errors.New("there are none")
	}
	if err := usable("service", list); err != nil {
		return nil, err
	}
	return distinct(list), nil
}
