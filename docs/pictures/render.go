// Command render makes pages of a mail for the script beside it, and cuts the
// pictures that a browser takes of them. A mail is a notice in JSON, which is
// rendered as the daemon does, or a mail as it was received.
//
//	render text <MAIL >PAGE
//	render html <MAIL >PAGE
//	render crop <PICTURE >PICTURE    cuts the empty end off
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"time"

	"github.com/tollfuse/tollfuse/pkg/alert"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("want text, html or crop")
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if args[0] == "crop" {
		return crop(text, out)
	}
	read := received
	if bytes.HasPrefix(text, []byte("{")) {
		read = rendered
	}
	m, err := read(text)
	if err != nil {
		return err
	}
	page := m.HTML
	if args[0] == "text" {
		page = `<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">` +
			`<pre style="margin:20px;font:14px/20px 'DejaVu Sans Mono',monospace;white-space:pre-wrap"><b>` +
			html.EscapeString(m.Subject) + "</b>\n\n" + html.EscapeString(m.Text) + "</pre>"
	}
	_, err = io.WriteString(out, page)
	return err
}

// rendered is the mail that the daemon makes of a notice.
func rendered(text []byte) (alert.Message, error) {
	var n toll.Notice
	if err := json.Unmarshal(text, &n); err != nil {
		return alert.Message{}, err
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return alert.Message{}, err
	}
	return alert.Render(n, alert.Site{Name: "pbx1.example.com", Currency: "EUR", Zone: zone})
}

// received are the parts of a mail as a mail server has it.
func received(text []byte) (alert.Message, error) {
	var m alert.Message
	parsed, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return m, err
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	_, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for _, to := range []*string{&m.Text, &m.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		*to = string(body)
	}
	return m, nil
}

// margin is how many rows stay below the last one with something in it.
const margin = 32

// crop cuts rows off the end of a picture that look like the very last one.
func crop(text []byte, out io.Writer) error {
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		return err
	}
	bounds := picture.Bounds()
	empty := picture.At(bounds.Min.X, bounds.Max.Y-1)
	last := bounds.Max.Y - 1
rows:
	for ; last > bounds.Min.Y; last-- {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if picture.At(x, last) != empty {
				break rows
			}
		}
	}
	bounds.Max.Y = min(bounds.Max.Y, last+margin)
	cut, can := picture.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !can {
		return fmt.Errorf("a picture of the type %T cannot be cut", picture)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(out, cut.SubImage(bounds))
}
