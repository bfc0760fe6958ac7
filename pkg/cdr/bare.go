package cdr

import "bytes"

// splitBare takes a row apart in which quotation marks inside of cells are not doubled.
// The page "CDR Reports" of older FreePBX, and of Issabel, puts a cell into quotation
// marks if it has a comma, and else writes it as it is (cdr_export_csv in cdr's
// functions.inc.php): "Smith" <1001>, or ""Smith, John" <1001>". SELECT … INTO OUTFILE
// writes "\"Smith\" <1001>". So a cell that is not one by RFC 4180 ends at the first
// quotation mark before a separator if it has another one inside, and else at the
// separator. A name can forge such an end; who calls this must count the cells. It is
// nil where a cell has no end.
func splitBare(text []byte, separator byte, cells [][]byte) [][]byte {
	for {
		cell, size := bareCell(text, separator)
		if size < 0 {
			return nil
		}
		cells = append(cells, cell)
		if size == len(text) {
			return cells
		}
		text = text[size+1:]
	}
}

// bareCell is the first cell of a text, and how many bytes it takes; -1 where it does
// not end.
func bareCell(text []byte, separator byte) (cell []byte, size int) {
	if len(text) > 1 && text[0] == '"' {
		if end, _ := closing(text); end > 0 && (end+1 == len(text) || text[end+1] == separator) {
			return bytes.ReplaceAll(text[1:end], []byte(`""`), []byte(`"`)), end + 1
		}
		if enclosed(text) {
			end := bytes.Index(text[1:], []byte{'"', separator}) + 1
			if end == 0 {
				end = len(text) - 1
			}
			if end == 0 || text[end] != '"' {
				return nil, -1
			}
			return text[1:end], end + 1
		}
	}
	if end := bytes.IndexByte(text, separator); end >= 0 {
		return text[:end], end
	}
	return text, len(text)
}

// enclosed tells a cell in quotation marks that begins with another one from a caller
// ID without a name, as in "" <1001>.
func enclosed(text []byte) bool {
	return text[1] == '\\' || text[1] == '"' && len(text) > 2 && text[2] != ' '
}
