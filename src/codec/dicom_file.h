/* codec/dicom_file.h - a whole DICOM file (PS3.10): its elements, its DICOM JSON, its frames, its image.
 *
 * dicom_file_open() walks the whole structure once and refuses what is malformed, so that what comes after
 * meets only sound lengths. Nothing is copied: values are slices of the bytes given, which may be a mapped
 * file; only a deflated data set is unpacked into the request's arena. Sequences are followed on an explicit
 * stack: depth costs memory (under 64 bytes a level), never call frames.
 *
 * Failures of all functions: E_SYNTAX "(gggg,eeee) at N: what is wrong", N the offset in the file (in the
 * unpacked data set of a deflated one); E_TOO_LARGE a limit or the arena's cap. */
#pragma once

#include "codec/dicom.h"

#define DICOM_TAG(group, element) (UINT32_C(group) << 16 | UINT32_C(element))

enum {
    DICOM_TAG_CHARSET = 0x00080005,
    DICOM_TAG_SOP_CLASS = 0x00080016,
    DICOM_TAG_SOP_INSTANCE = 0x00080018,
    DICOM_TAG_STUDY = 0x0020000d,
    DICOM_TAG_SERIES = 0x0020000e,
    DICOM_TAG_PIXELS = 0x7fe00010,
};

struct dicom_limits {
    uint32_t depth;    /* sequences within each other */
    uint32_t elements; /* elements, items and their ends */
    size_t inflated;   /* bytes of a deflated data set once unpacked */
};

/* 1 024 deep, 10 000 000 elements, 512 MiB unpacked (the arena's cap stands beside it). */
extern const struct dicom_limits dicom_default_limits;

struct dicom_file {
    struct str bytes;           /* the whole file */
    struct str meta;            /* elements of the file meta group */
    struct str data_set;        /* what follows; in the arena when it was deflated */
    struct str transfer_syntax; /* UID, always there */
    struct str pixels;          /* value of Pixel Data (or Float, Double Float Pixel Data); p NULL: none */
    uint32_t pixels_tag;        /* which of the three; 0 none */
    uint64_t pixels_at;         /* offset of its header, as dicom_elem.at */
    bool implicit_vr;
    bool big_endian;            /* the values of the data set */
    bool deflated;              /* data_set and pixels are no slices of bytes */
    bool encapsulated;          /* pixels is a chain of fragments: see dicom_frames() */
    bool unsorted;              /* some tag is not above the one before it */
    uint32_t depth;             /* deepest nesting */
    uint32_t elements;          /* of all levels, items and ends counted */
};

/* bytes   the whole file, borrowed as long as the result
 * lim     NULL for dicom_default_limits
 * errors  E_MEDIA_TYPE no DICOM file (no preamble and DICM); those above. A file without UIDs is
 *         no failure here: see dicom_file_head().
 * costs   one pass over the headers; two of inflating when deflated */
MUST_USE enum err dicom_file_open(struct req *rq, struct str bytes, const struct dicom_limits *lim,
                                  struct dicom_file *ret_file);
/* Whose it is and what it shows: the same facts dicom_read() gives, also of a deflated file. */
MUST_USE enum err dicom_file_head(struct req *rq, const struct dicom_file *f,
                                  struct dicom_head *ret_head);

enum dicom_kind {
    DICOM_VALUE,        /* an element with its value */
    DICOM_FRAGMENTS,    /* encapsulated pixel data: value is the chain of items, offset table first */
    DICOM_SEQUENCE,     /* its items follow */
    DICOM_ITEM,         /* elements of the item follow */
    DICOM_ITEM_END,
    DICOM_SEQUENCE_END,
};

struct dicom_charset;

struct dicom_elem {
    enum dicom_kind kind;
    uint32_t tag;     /* of an item or an end: that of its sequence */
    char vr[3];       /* two letters and NUL; from the dictionary when the coding is implicit */
    bool big_endian;  /* how numbers of the value stand */
    uint32_t depth;   /* sequences around it; an item and its elements lie one deeper than its sequence */
    uint32_t item;    /* position from 0 of the item it is, or is in, in its sequence */
    struct str value; /* the bytes as they stand, padding and all */
    uint64_t at;      /* offset of its header, in the file or the unpacked data set */
    const struct dicom_charset *charset; /* what its text is written in; until the next call */
};

struct dicom_level;

/* A walk over all elements in their order. Private to the module but for its size. */
struct dicom_walk {
    struct req *rq;
    struct str bytes;           /* what is walked */
    size_t at;
    uint64_t base;              /* offset of bytes in the file */
    struct dicom_level *levels; /* levels[0]: the data set itself */
    uint32_t depth;             /* the level in use */
    uint32_t room;              /* levels allocated */
    uint32_t max_depth;
    bool shallow;               /* what has a defined length is not looked into */
    bool done;
    bool unsorted;              /* some tag was not above the one before it */
    uint32_t tag;               /* where it failed */
    size_t failed_at;
    const char *what;
};

MUST_USE enum err dicom_walk_begin(struct req *rq, const struct dicom_file *f,
                                   struct dicom_walk *ret_walk);
/* The same over the file meta group. */
MUST_USE enum err dicom_walk_meta(struct req *rq, const struct dicom_file *f,
                                  struct dicom_walk *ret_walk);
/* *ret_has false: no more. */
MUST_USE enum err dicom_walk_next(struct dicom_walk *w, struct dicom_elem *ret_elem, bool *ret_has);
/* Passes over the sequence just given, or the rest of the item the walk is in; its end is not given. */
MUST_USE enum err dicom_walk_skip(struct dicom_walk *w);

/* The element at a path like "00100010", or "54000100/0/54001010": tag, item from 0, tag. *ret_has
 * false: not there, or no path. */
MUST_USE enum err dicom_find(struct req *rq, const struct dicom_file *f, struct str path,
                             struct dicom_elem *ret_elem, bool *ret_has);

/* Values of an element, from 0; false when there is no such one, or it is no such number. Text is for
 * dicom_elem_text(). */
MUST_USE bool dicom_elem_u32(const struct dicom_elem *e, size_t i, uint32_t *ret_v); /* US UL AT IS */
MUST_USE bool dicom_elem_double(const struct dicom_elem *e, size_t i, double *ret_v); /* any number */
/* The i-th value as UTF-8 without padding; p NULL: not there. borrows the file, or in rq's arena. */
struct str dicom_elem_text(struct req *rq, const struct dicom_elem *e, size_t i);

/* Bytes of one unit of a binary kind, as byte order counts them: 2 of OW, 4 of OF and OL, 8 of OD and
 * OV, else 1. */
size_t dicom_unit(const char vr[2]);
/* v with the bytes of each unit in the other order, into out (v.n bytes; not v itself). */
void dicom_swap(struct str v, size_t unit, char *out);

/* A UID of 16 unpredictable bytes: "2.25." and, as a decimal number, the UUID (version 4) they make
 * (PS3.5 B.2). NUL-ended; gives its length. */
enum { DICOM_UUID_UID = 45 };
size_t dicom_uid_make(const uint8_t bytes[16], char out[DICOM_UUID_UID]);

/* The dictionary of PS3.6. vr: "UN" when it does not know the tag. */
void dicom_dict_vr(uint32_t tag, char ret_vr[3]);
/* "PatientName"; empty when it does not know the tag. */
struct str dicom_dict_name(uint32_t tag);
/* A keyword of PS3.6 or eight hex digits. */
MUST_USE bool dicom_dict_tag(struct str name, uint32_t *ret_tag);
