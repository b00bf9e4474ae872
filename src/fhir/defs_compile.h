/* fhir/defs_compile.h - makes the block of definitions (defs.h) out of FHIR's own files. Used by
 * the build-time program defc and its tests; not part of what is shipped. */
#pragma once

#include "base/req.h"

/* The files, as texts. Bundles of definitions as HL7 publishes them, and two of ours. */
enum def_file {
    DEF_FILE_TYPES,     /* profiles-types.json */
    DEF_FILE_RESOURCES, /* profiles-resources.json */
    DEF_FILE_ELEMENTS,  /* dataelements.json: official texts to undo edits with */
    DEF_FILE_PARAMS,    /* search-parameters.json */
    DEF_FILE_SETS,      /* valuesets.json */
    DEF_FILE_V3,        /* v3-codesystems.json */
    DEF_FILE_V2,        /* v2-tables.json */
    DEF_FILE_PROFILES,  /* profiles-others.json */
    DEF_FILE_EXTENSIONS, /* extension-definitions.json */
    DEF_FILE_OVERLAY,   /* definitions/overlay.json */
    DEF_FILE_NUMBERS,   /* definitions/params.txt: no JSON */
    DEF_FILE_COUNT
};

/* Name of a file in its folder; ret_own: it is ours, not the package's. */
const char *defs_file_name(enum def_file file, bool *ret_own);

/* Compiles; ret_block is in rq->a.
 *
 * errors   E_SYNTAX       a file is not JSON
 *          E_BAD_INPUT    the detail says which entry of the overlay no longer holds, or what a
 *                         definition lacks
 *          E_TOO_LARGE    a table outgrew its numbers
 * costs    about one GiB of arena
 */
MUST_USE enum err defs_compile(struct req *rq, const struct str files[DEF_FILE_COUNT],
                               struct str *ret_block);
