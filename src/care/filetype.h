/* care/filetype.h - which files a case may carry, judged by their bytes and not by their name. */
#pragma once

#include "base/req.h"

/* A kind of file that is taken. */
struct file_kind {
    struct str type;  /* media type by content */
    struct str ext;   /* extension its shown name gets, with the dot */
    const char *name; /* msgid of the kind: "PDF document" */
    bool inline_ok;   /* may be shown inside the page (under a sandboxed policy) */
};

enum file_verdict {
    FILE_TAKEN,
    FILE_EMPTY,     /* no bytes */
    FILE_PROGRAM,   /* can run: programs, scripts, installers */
    FILE_ACTIVE,    /* a document that can run something when opened: web pages, macros, SVG */
    FILE_ARCHIVE,   /* hides what is inside */
    FILE_UNKNOWN,   /* nothing a colleague could open */
    FILE_VIRUS,     /* the scanner found one: care/scan.h, not judged here */
    FILE_UNSCANNED, /* larger than the scanner takes */
    FILE_VERDICT_COUNT
};

/* msgid of the reason a file with this verdict is refused; "" for FILE_TAKEN. */
const char *file_verdict_text(enum file_verdict v);

struct file_finding {
    enum file_verdict verdict;
    const struct file_kind *kind; /* NULL unless taken */
    bool renamed; /* the name claimed another kind: the shown name was corrected */
};

/* Judges the file at path. name is what the sender called it.
 *
 * errors   E_IO  it cannot be read, or the type database is missing
 * thread   any; opens the type database for the call: slow work, not for an I/O thread */
MUST_USE enum err file_judge(struct req *rq, const char *path, struct str name,
                             struct file_finding *ret_f);

/* The kind for a media type, or NULL. */
const struct file_kind *file_kind_find(struct str type);
/* A name safe to show and to save under: the last path segment, without control characters, at most
 * 120 bytes, and with the extension of the kind when renamed. p NULL past the arena's cap. */
struct str file_name_clean(struct arena *a, struct str name, const struct file_kind *kind,
                           bool renamed);
