package catalog

import (
	"fmt"
	"slices"
	"time"

	"sluice/sink/forward"
)

// mistaken is what is wrong with the parameters, in a fluent.conf's own words.
func (p *forwardMatch) mistaken(cfg *forward.Config) error {
	switch {
	case len(cfg.Servers) == 0 && cfg.SRV == "" && cfg.Find == nil:
		return fieldError{"server", "there is no server", "add <server> with host HOST"}
	case cfg.SRV != "" && cfg.Find != nil, len(cfg.Servers) > 0 && (cfg.SRV != "" || cfg.Find != nil):
		return fieldError{"server", "servers are named in several ways", "write one of <server>, <service_discovery> with @type file, and with @type srv"}
	case p.PhiDetector && !(p.PhiThreshold > 0):
		return fieldError{"phi_threshold", "phi_threshold is not above 0", "write 16, or phi_failure_detector false"}
	}
	for _, x := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"ack_response_timeout", p.AckTimeout, 1},
		{"send_timeout", p.SendTimeout, 1},
		{"connect_timeout", p.ConnectTimeout, 1},
		{"heartbeat_interval", p.HeartbeatInterval, 1},
		{"keepalive_timeout", p.KeepaliveTimeout, 0},
		{"hard_timeout", p.HardTimeout, 0},
		{"recover_wait", p.RecoverWait, 0},
	} {
		if x.value < x.least {
			return fieldError{x.name, x.name + " is too short", "write a time such as 10s"}
		}
	}
	return usable("server", p.Server)
}

// usable is what is wrong with servers that stand in sections of that name.
func usable(section string, list []forward.Server) error {
	for i, s := range list {
		field := func(name string) string { return fmt.Sprintf("%s[%d].%s", section, i, name) }
		switch {
		case s.Host == "":
			return fieldError{field("host"), "a server has no host", "write its name or address"}
		case s.Port < 1 || s.Port > 65535:
			return fieldError{field("port"), fmt.Sprintf("server %s: %d is no port", s.Host, s.Port), "write 1 to 65535"}
		case s.Weight < 0:
			return fieldError{field("weight"), fmt.Sprintf("server %s: %d is no weight", s.Host, s.Weight), "write 0 or more"}
		}
	}
	if len(list) > 0 && !slices.ContainsFunc(list, func(s forward.Server) bool { return s.Weight > 0 }) {
		return fieldError{section, "no server has a weight", "give one of them weight 60"}
	}
	return nil
}

// distinct are the servers with each once. As in Fluentd one that is written
// twice counts once, and if its weights differ, they add up.
func distinct(list []forward.Server) (once []forward.Server) {
	for _, s := range list {
		i := slices.IndexFunc(once, func(o forward.Server) bool { return o.Host == s.Host && o.Port == s.Port })
		switch {
		case i < 0:
			once = append(once, s)
		case once[i].Weight != s.Weight:
			once[i].Weight += s.Weight
		}
	}
	return once
}
