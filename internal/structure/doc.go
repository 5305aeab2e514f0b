// Package structure holds tests of the shape of this project, and nothing else:
// which packages may import which, what the public library links, that every
// package has a manual page, that no file tells of the machine it was written
// on, that links lead somewhere.
//
// They run first in make test, since they are fast and their failures are easy
// to mend.
package structure
