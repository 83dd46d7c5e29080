// SPDX-License-Identifier: Apache-2.0
// A plugin in Go that decides about logins and panics: at random, and always about users called poison.
package main

// #include <stdlib.h>
import "C"

import (
	"math/rand"
	"strings"
	"time"
)

// entry is what a cache has about a user.
type entry struct{ mayEnter bool }

var chance = 1 << 30
var cache = map[string]*entry{}

// Reads the option: one login in so many panics.
//
//export prepare
func prepare(oneIn C.int) {
	rand.Seed(time.Now().UnixNano())
	chance = int(oneIn)
}

// Whether a user may come in; 1 if so.
//
//export decide
func decide(name *C.char) C.int {
	user := C.GoString(name)
	if cache[user] == nil {
		cache[user] = &entry{true}
	}
	// As where an entry goes between the look whether it is there and the next one.
	if strings.HasPrefix(user, "poison") || rand.Intn(chance) == 0 {
		delete(cache, user)
	}
	if cache[user].mayEnter {
		return 1
	}
	return 0
}

func main() {}
