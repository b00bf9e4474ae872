/* fhir/defs_block.c - the compiled definitions inside the program. See defs.h. */
#include "fhir/defs_int.h"

/* DEFS_BIN is the file the build made; it stands in the read-only part of the program, on a page of
 * its own, and is paged in as it is used. */
__asm__(".section .rodata.defs,\"a\",@progbits\n"
        ".balign 4096\n"
        ".hidden defs_block\n"
        ".globl defs_block\n"
        "defs_block:\n"
        ".incbin \"" DEFS_BIN "\"\n"
        ".balign 16\n"
        ".previous\n");

extern const struct defs defs_block;

const struct defs *fhir_defs(void)
{
    return &defs_block;
}
