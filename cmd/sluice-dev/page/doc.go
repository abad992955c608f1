// Package page is the web page of sluice-dev: search, histogram, table and live
// tail over the documents of a small store in memory.
//
// Promises: what a log line says is only ever text on the page (every value goes
// through html/template, and the Content-Security-Policy allows no inline script
// or style and no other host). Everything but live tail and the keyboard
// shortcuts works without JavaScript. The whole state is in the URL. Whatever is
// typed into the search box is answered by results or by a message that says
// what is wrong and where.
package page
