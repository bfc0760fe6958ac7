// Package strictyaml is what the rooms share that read a YAML file strictly: one
// document as a syntax tree, scalars as they are written and not as YAML would
// read them, and problems that name their place.
package strictyaml
