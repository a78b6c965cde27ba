package source

import "path/filepath"

// tops are the kustomizations among files, by real path, that are to be built by themselves:
// those below the paths whose directory was asked for or that no other one brings in, and of
// some that bring in each other the first. A component brings in something only where it is
// brought in itself: kustomize never builds one alone.
func (k *kustomizations) tops(files []File) map[string]bool {
	var whole []*kustomization
	for _, file := range files {
		if one := k.below[file.Real]; one != nil && !one.component {
			whole = append(whole, one)
		}
	}
	met := map[*kustomization]bool{}
	for _, one := range whole {
		k.follow(one, met)
	}
	used := map[string]bool{} // directories
	for one := range met {
		for _, dir := range one.uses {
			used[dir] = true
		}
	}
	tops := map[string]bool{}
	clear(met)
	top := func(one *kustomization) {
		tops[one.real] = true
		k.follow(one, met)
	}
	for _, one := range whole {
		if dir := filepath.Dir(one.real); k.named[dir] || !used[dir] {
			top(one)
		}
	}
	for _, one := range whole { // the rest use each other, or themselves
		if !met[one] {
			top(one)
		}
	}
	return tops
}

// follow adds to met a kustomization and all that it brings in.
func (k *kustomizations) follow(one *kustomization, met map[*kustomization]bool) {
	if met[one] {
		return
	}
	met[one] = true
	for _, dir := range one.uses {
		for _, next := range k.looked[dir] {
			k.follow(next, met)
		}
	}
}
