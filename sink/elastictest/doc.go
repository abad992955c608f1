// Package elastictest is a strict stand-in for the part of Elasticsearch's HTTP
// API that Sluice uses: it refuses what the real server refuses, in the same
// words, and is lenient where the real server is, so that a defect of ours that
// the real server would pass over in silence shows in a test.
//
// The promise is held by one table of cases (contract_test.go) whose answers
// were recorded from Elasticsearch 8.19.21; the stand-in must give the same, and
// so must the real server when ELASTICSEARCH_TEST_URL names one.
//
// What it keeps is a Store's business: CountStore keeps ids alone, MemoryStore
// the latest documents. What a real server will not do on demand (a reset, a
// 429 at the third item, an answer cut short) is a Fault.
//
// It has no mappings of its own but these: a document is judged as one that
// meets dynamic mapping for the first time, except below fields that an index
// template declares flattened; a data stream's @timestamp is a date_nanos. So a
// clash of types between two documents is not seen here.
package elastictest
