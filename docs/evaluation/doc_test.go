// Package evaluation_test judges the default policy: it plays the catalogue of
// scenarios and writes docs/evaluation.md from evaluation.md.tmpl, which has the
// words. "make evaluate" plays all of it; without -update a few attacks are played,
// and the document must say of them what comes out.
package evaluation_test
