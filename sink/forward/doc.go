// Package forward is the sending side of the Fluent Forward protocol: a sink
// that hands records on to another Sluice, to Fluentd or to Fluent Bit.
//
// Promise of Encode: every live record becomes exactly one entry, [time, map],
// copied from the batch's arena; nothing is allocated per record; what is true
// of the whole batch (pod, cluster, static fields) is merged into it under the
// names of Fluentd's kubernetes_metadata. A record's own field of such a name
// gets "_" appended; nothing is left out.
//
// Promise of Deliver: with acknowledgements an item counts as accepted when the
// server has acknowledged its frame, and only then. Whatever else happens the
// fate of all is unknown, and they go out again under the same chunk id and with
// the same ids in the frame's option, so that another Sluice makes one document
// of them however often they come. Before anything of a frame was written the
// next server is tried; errors name the server. Content of records reaches
// neither logs nor metrics.
//
// Nothing is promised without acknowledgements: what the system's buffers hold
// when a connection breaks is lost, as with Fluentd.
package forward
