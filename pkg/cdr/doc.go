// Package cdr reads Asterisk's call detail records and makes calls of them that
// cost money: those with a leg to a trunk.
//
// A [Reader] takes a CSV file row by row, in constant memory. It knows
//
//   - Master.csv as cdr_csv.c writes it: 16 columns without a heading, then
//     uniqueid (loguniqueid), userfield (loguserfield), and peeraccount, linkedid
//     and sequence (newcdrcolumns), each where cdr.conf asks for it;
//   - Master.csv by the mapping in the sample of cdr_custom.conf, which begins
//     with the caller ID and has the account code near its end;
//   - any CSV with a heading in the names of CDR(), as the table cdr of FreePBX,
//     where the start is called calldate;
//   - anything else by [Columns].
//
// Between cells stand commas, or semicolons or tabs where the first row makes sense
// so. Quotation marks inside of cells need not be doubled, as FreePBX did not for years.
//
// A row is one line. Who rang in may have put anything into a row, so one that
// cannot be read is told and left out, and never takes the next one with it.
//
// [Calls] turns the records into calls, in the order of their beginning. Asterisk
// writes a record when the call ends, and several for a call that was tried on
// several trunks, or that went through the extension h.
package cdr
