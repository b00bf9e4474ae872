/* codec/dicom_int.h - what the DICOM files of the room share; private to it. */
#pragma once

#include "codec/dicom_file.h"

#define DICOM_UNDEFINED UINT32_C(0xffffffff)
#define DICOM_TAG_ITEM DICOM_TAG(0xfffe, 0xe000)
#define DICOM_TAG_ITEM_END DICOM_TAG(0xfffe, 0xe00d)
#define DICOM_TAG_SEQUENCE_END DICOM_TAG(0xfffe, 0xe0dd)

enum {
    DICOM_START = 132, /* the preamble and DICM */
    DICOM_HEAD_LAST = 0x00280011, /* the last tag of struct dicom_head */
};

/* How a data set is written. */
struct dicom_coding {
    bool implicit;
    bool big;
};

struct dicom_header {
    uint32_t tag;
    uint32_t len;  /* DICOM_UNDEFINED: until a delimiter */
    uint32_t size; /* bytes of the header itself */
    char vr[3];    /* "" when implicit */
};

/* What text means where nothing else was said in it; see dicom_text.c. */
struct dicom_charset {
    uint8_t set;
};

/* One container that is open. */
struct dicom_level {
    size_t limit;      /* where the sequence must end at the latest */
    size_t item_limit; /* the same of the item */
    uint32_t tag;      /* of the sequence */
    uint32_t item;
    uint32_t last_tag; /* in this item */
    bool defined;      /* the sequence ends at limit, not by a delimiter */
    bool item_defined;
    bool in_item;
    bool signed_pixels; /* Pixel Representation, of the item or of what it is in */
    struct dicom_coding coding;
    struct dicom_charset charset;
};

enum dicom_step {
    DICOM_STEP_OK,
    DICOM_STEP_END,
    DICOM_STEP_CUT,    /* the bytes end before the structure does */
    DICOM_STEP_BROKEN,
    DICOM_STEP_LIMIT,  /* deeper than allowed */
    DICOM_STEP_MEMORY,
};

static inline uint32_t dicom_get16(const unsigned char *p, bool big)
{
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t dicom_get32(const unsigned char *p, bool big)
{
    return big ? dicom_get16(p, true) << 16 | dicom_get16(p + 2, true)
               : dicom_get16(p + 2, false) << 16 | dicom_get16(p, false);
}

static inline uint64_t dicom_get64(const unsigned char *p, bool big)
{
    uint64_t a = dicom_get32(p, big);
    uint64_t b = dicom_get32(p + 4, big);
    return big ? a << 32 | b : b << 32 | a;
}

/* Reads tag, representation and length of the element at p. */
enum dicom_step dicom_header_read(const unsigned char *p, size_t left, struct dicom_coding coding,
                                  struct dicom_header *ret_h);
/* Starts a walk over bytes; false: no memory. */
MUST_USE bool dicom_walk_over(struct dicom_walk *w, struct req *rq, struct str bytes, uint64_t base,
                              struct dicom_coding coding, uint32_t max_depth);
/* As dicom_walk_next(), with the failure in w->tag, failed_at and what. */
enum dicom_step dicom_walk_step(struct dicom_walk *w, struct dicom_elem *ret_elem);
/* Puts the failure of a step on the request's record. */
enum err dicom_walk_fail(struct dicom_walk *w, enum dicom_step s);
enum err dicom_fail(struct req *rq, enum err code, uint32_t tag, uint64_t at, const char *what);

/* From the value of (0008,0005). */
struct dicom_charset dicom_charset_of(struct str value);
enum dicom_text_kind {
    DICOM_TEXT_LINE,
    DICOM_TEXT_NAME,  /* PN: ^ and = too end what an escape sequence said */
    DICOM_TEXT_BLOCK, /* CR, LF, FF and tab stay */
};

/* Text as UTF-8, control characters dropped. Adds DICOM_REPLACED to *flags when something could not
 * be read. A slice of s when it is plain ASCII. p NULL past the arena's cap. */
struct str dicom_text(struct arena *a, const struct dicom_charset *charset, struct str s,
                      enum dicom_text_kind kind, unsigned *flags);
/* All values of an element as UTF-8, to be divided by dicom_value_cut(). */
struct str dicom_values(struct arena *a, const struct dicom_elem *e);
/* Whether the length of this kind has 16 bits in explicit coding. */
bool dicom_is_short(const char vr[2]);
/* Whether several values stand in one text, divided by backslashes. */
bool dicom_is_multi(const char vr[2]);
/* Whether its values are text. */
bool dicom_is_text(const char vr[2]);
/* Bytes of one number of this kind; 0: not a kind of numbers. */
size_t dicom_number_size(const char vr[2]);
/* Without the padding of its kind. */
struct str dicom_trim(struct str s, const char vr[2]);
enum { DICOM_DECIMAL_MAX = 64 }; /* bytes of a decimal that are read; DS has 16 */
/* The text of DS or IS as a number of JSON, to the digit. False: it is no number. */
MUST_USE bool dicom_decimal(struct str s, char out[DICOM_DECIMAL_MAX + 4], size_t *ret_n);
enum { DICOM_DOUBLE_MAX = 32 };
/* The shortest decimal that reads back as v, as JSON has it; gives its length. */
size_t dicom_double_text(double v, char out[DICOM_DOUBLE_MAX]);

/* Takes what a top level element says about the head. */
void dicom_head_take(struct arena *a, struct dicom_head *head, const struct dicom_elem *e);

/* The dictionary's tables, written by tools/dicom_dict.mjs. */
struct dicom_dict_row {
    uint32_t tag;
    char vr[3]; /* "xs": US or SS, as Pixel Representation says */
    const char *name;
};
struct dicom_dict_range {
    uint32_t first; /* same element in groups, or same group */
    uint32_t last;
    char vr[3];
    const char *name;
};
extern const struct dicom_dict_row dicom_dict[]; /* by tag */
extern const size_t dicom_dict_count;
extern const uint16_t dicom_dict_by_name[];      /* positions in dicom_dict */
extern const size_t dicom_dict_names;
extern const struct dicom_dict_range dicom_dict_ranges[];
extern const size_t dicom_dict_ranges_count;

/* What becomes of an attribute that is de-identified, written by tools/dicom_deidentify.mjs: 'X' goes, 'Z'
 * empty, 'D' another value, 'U' another UID. */
struct dicom_action {
    uint32_t tag;
    char what;
};
extern const struct dicom_action dicom_actions[]; /* by tag */
extern const size_t dicom_actions_count;
