/* os/child_cage.h - what a child of ours may not do; private to the room. */
#pragma once

#include "os/child.h"

/* What is made before the child begins: between its beginning and its program it may allocate nothing. */
struct child_cage {
    int ruleset;  /* of Landlock; -1: this kernel has none */
    bool threads; /* it may have them */
};
/* gives a cage that lets program be run, and own (may be NULL) be opened by name; end it with
 * child_cage_done(). Never fails: what the kernel cannot do is left out. */
void child_cage_make(const char *program, const struct os_child_files *own, struct child_cage *ret_cage);
void child_cage_done(struct child_cage *cage);
/* In the child, last before its program. False: what this kernel can do failed. */
bool child_cage_enter(const struct child_cage *cage);
