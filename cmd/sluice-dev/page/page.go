package page

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/cmd/sluice-dev/page/query"
)

//go:embed assets
var assets embed.FS

// Link is a named URL.
type Link struct{ Name, URL string }

// Config is what the page needs to know.
type Config struct {
	Store    Store          // nil: the documents go elsewhere, Links say where
	Links    []Link         // shown when there is no Store; without credentials
	Location *time.Location // of the times on the page; default the machine's
	Rows     int            // of a page of results; default 100
	Log      *slog.Logger

	now       func() time.Time
	tailEvery time.Duration // live rows are sent in batches at most this often
}

// Page serves the web page; make it with New.
type Page struct {
	cfg  Config
	tmpl *template.Template
	mux  *http.ServeMux
}

// New prepares the page. It starts nothing; a live tail ends with its request's
// context.
func New(cfg Config) (*Page, error) {
	if cfg.Location == nil {
		cfg.Location = time.Local
	}
	if cfg.Rows <= 0 {
		cfg.Rows = 100
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.now == nil {
		cfg.now = time.Now
	}
	if cfg.tailEvery == 0 {
		cfg.tailEvery = 200 * time.Millisecond
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{"count": count}).ParseFS(assets, "assets/*.html")
	if err != nil {
		return nil, err
	}
	p := &Page{cfg: cfg, tmpl: tmpl, mux: http.NewServeMux()}
	p.mux.Handle("GET /assets/", http.FileServerFS(assets))
	if cfg.Store == nil {
		p.mux.HandleFunc("GET /{$}", p.elsewhere)
		return p, nil
	}
	p.mux.HandleFunc("GET /{$}", p.index)
	p.mux.HandleFunc("GET /record", p.record)
	p.mux.HandleFunc("GET /tail", p.tail)
	return p, nil
}

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP answers one request.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	if !trusted(r.Host) {
		http.Error(w, "open this page by its address or as localhost", http.StatusMisdirectedRequest)
		return
	}
	p.mux.ServeHTTP(w, r)
}

// trusted keeps other web sites from reading the logs under a name of theirs
// that resolves to this machine.
func trusted(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}

// view is what the template of the page is given.
type view struct {
	State    state
	From, To string // as typed into the form
	Ranges   any
	Docs     int
	Problem  string
	Caret    string // the query with a mark below the problem
	Zone     string
	Result   *result
	Chart    chart
	Took     string
	Span     string
	Rows     []row
	Missing  bool // the record asked for is not there any more
	Older    string
	Newest   string
}

func (p *Page) index(w http.ResponseWriter, r *http.Request) {
	v, code := p.view(r.Context(), r)
	p.render(w, code, "page.html", v)
}

func (p *Page) view(ctx context.Context, r *http.Request) (*view, int) {
	params := r.URL.Query()
	now := p.cfg.now()
	s, err := parseState(params, p.cfg.Location)
	v := &view{State: s, Ranges: ranges, Zone: now.In(p.cfg.Location).Format("MST")}
	v.Docs, _ = p.cfg.Store.Held()
	v.From, v.To = params.Get("from"), params.Get("to")
	if s.Range == "abs" {
		v.From, v.To = p.input(s.From, v.From), p.input(s.To, v.To)
	}
	q, bad := query.Parse(s.Query)
	if bad != nil {
		v.Problem, v.Caret = explain(s.Query, bad)
		return v, http.StatusBadRequest
	}
	if err != nil {
		v.Problem = err.Error()
		return v, http.StatusBadRequest
	}
	p.fill(ctx, v, q, now)
	maker := newRowMaker(q, s, p.cfg.Location)
	open := false
	for i := range v.Result.Rows {
		row := maker.row(&v.Result.Rows[i])
		open = open || row.Record != nil
		v.Rows = append(v.Rows, row)
	}
	if s.Doc != "" && !open { // opened on another page of results
		if d, ok := find(p.cfg.Store, s.Doc); ok {
			v.Rows = append([]row{maker.row(&d)}, v.Rows...)
		} else {
			v.Missing = true
		}
	}
	return v, http.StatusOK
}

// fill searches, and sets what the summary above the table shows.
func (p *Page) fill(ctx context.Context, v *view, q *query.Query, now time.Time) {
	s := v.State
	res := search(ctx, p.cfg.Store, q, &s, now, p.cfg.Rows)
	v.Result = &res
	v.Took = duration(res.Took)
	zoom := s
	zoom.Range, zoom.Before, zoom.Doc, zoom.Live = "abs", cursor{}, "", false
	v.Chart = res.Histogram.draw(p.cfg.Location, func(from, to time.Time) string {
		zoom.From, zoom.To = from, to
		return zoom.url("/")
	})
	from, to := s.span(now)
	v.Span = spanText(from.In(p.cfg.Location), to.In(p.cfg.Location))
	if res.More {
		older := s
		older.Before, older.Doc, older.Live = cursorOf(&res.Rows[len(res.Rows)-1]), "", false
		v.Older = older.url("/")
	}
	if !s.Before.isZero() {
		newest := s
		newest.Before, newest.Doc = cursor{}, ""
		v.Newest = newest.url("/")
	}
}

// record answers with an opened record alone, for the page's script.
func (p *Page) record(w http.ResponseWriter, r *http.Request) {
	s, _ := parseState(r.URL.Query(), p.cfg.Location)
	d, ok := find(p.cfg.Store, s.Doc)
	if !ok {
		p.render(w, http.StatusNotFound, "gone", nil)
		return
	}
	p.render(w, http.StatusOK, "record", newRecord(&d, s, p.cfg.Location))
}

func (p *Page) elsewhere(w http.ResponseWriter, _ *http.Request) {
	p.render(w, http.StatusOK, "elsewhere.html", p.cfg.Links)
}

// render writes a template's whole output, or nothing of it.
func (p *Page) render(w http.ResponseWriter, code int, name string, data any) {
	var b bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&b, name, data); err != nil {
		p.cfg.Log.Error("cannot render the page", "template", name, "error", err)
		http.Error(w, "the page could not be made; see the program's log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // a browser that went away needs no answer
}

func (p *Page) input(t time.Time, typed string) string {
	if t.IsZero() {
		return typed
	}
	return strings.TrimSuffix(t.In(p.cfg.Location).Format("2006-01-02 15:04:05.000"), ".000")
}

// explain puts a query's error into words and a mark below the place.
func explain(text string, err error) (problem, caret string) {
	var e *query.Error
	if !errors.As(err, &e) {
		return err.Error(), ""
	}
	line := []rune(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text))
	at := min(e.Pos-1, len(line))
	from, to := max(0, at-60), min(len(line), at+40)
	return "The query is not complete or not correct, at character " + strconv.Itoa(e.Pos) + ": " + e.Msg + ".",
		string(line[from:to]) + "\n" + strings.Repeat(" ", at-from) + "^"
}
