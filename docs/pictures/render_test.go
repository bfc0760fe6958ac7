package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"
)

func TestMailOfThePictures(t *testing.T) {
	received, err := os.ReadFile("attack.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"text", "html"} {
		var page bytes.Buffer
		if err := run([]string{part}, bytes.NewReader(received), &page); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"6 calls cut, 400 refused", "Sierra Leone", "tollfuse incidents show"} {
			if !strings.Contains(page.String(), want) {
				t.Errorf("%s lacks %q", part, want)
			}
		}
	}
}

func TestReceivedMail(t *testing.T) {
	mail := "Subject: =?UTF-8?b?w6QgdGVzdA==?=\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
		"--x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nthe =3D text\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--x--\r\n"
	for part, want := range map[string]string{"text": "<b>ä test</b>\n\nthe = text", "html": "<b>html</b>"} {
		var page bytes.Buffer
		if err := run([]string{part}, strings.NewReader(mail), &page); err != nil || !strings.Contains(page.String(), want) {
			t.Errorf("%s: %v %q", part, err, page.String())
		}
	}
}

func TestCrop(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 10, 200))
	picture.Set(5, 20, color.White)
	var in, out bytes.Buffer
	if err := png.Encode(&in, picture); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"crop"}, &in, &out); err != nil {
		t.Fatal(err)
	}
	cut, err := png.Decode(&out)
	if err != nil || cut.Bounds().Dy() != 20+margin {
		t.Errorf("%v %v", cut.Bounds(), err)
	}
}
