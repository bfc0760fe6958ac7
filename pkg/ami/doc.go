// Package ami speaks the Asterisk Manager Interface: a codec, a client that stays connected, and the
// server's side for tests and simulated PBXs.
//
// # Reading
//
// A [Client] never stops reading, since Asterisk logs a slow reader off and drops what it had for it
// (writetimeout in manager.conf). What is wanted goes through a bounded queue to one consumer, the handler
// of [Client.Run], as a [Notice]:
//
//   - [Up]: logged in. What happened before is not known; take a picture with [Client.CoreShowChannels] or
//     [Client.Status], from the handler if that is convenient.
//   - [Event]: in the order in which Asterisk sent them.
//   - [Resync]: events were lost here, because the consumer was slower than the queue is long, because
//     one was too large, or because a line break in somebody's value has cut one in two. Take a new picture.
//     No event is lost without a Resync, Down or Up at its place or waiting before it.
//   - [Down]: the link is lost, or an attempt to make one failed. The client goes on trying.
//
// # Actions
//
// Answers do not go through the queue, so the handler can wait for them. Each has a deadline. If the link
// goes, all that wait fail with [ErrLinkLost]; nothing is sent again by itself. What a caller could have
// chosen is checked where it is encoded, see [Action.Append].
//
// # Order of lists and events
//
// All messages are numbered as they arrive ([Message.Seq]), also across links. When a list action has
// returned, every event with a smaller Seq than List.Complete was handed to the consumer or waits in the
// queue, and every other one comes behind it. For a consumer that takes a picture while events wait:
//
//   - an event with a smaller Seq than List.Response happened before the picture was taken, which
//     already shows its effect;
//   - an event with a greater Seq may have happened before or after the picture. Asterisk answers an action
//     and writes the events that wait on one thread (main/manager.c), events second: what happened just
//     before the action comes behind its answer. Take such events so that twice does no harm: the
//     Newchannel of a channel that is in the picture, the Hangup of one that is not.
//
// After a Hangup event of a Uniqueid nothing more comes of it. A channel in the picture whose Hangup comes
// behind it has ended, whatever the order in which it happened.
package ami
