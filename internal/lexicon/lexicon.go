// Package lexicon helps those who write entries of the classifier's lexicon: it
// finds what is wrong with lines ([Check]) and tells what each entry does to the
// verdicts of a model ([Measure]), before anything is trained as well.
//
// A model learns what concepts weigh, not what expressions weigh. So a new
// expression of a concept that the model knows has its effect at once.
package lexicon
