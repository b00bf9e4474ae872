/* care/pdf.h - clinical documents on A4 pages: text flows, nothing is cut off, every page says whose
 * it is and which of how many.
 *
 * The same input always gives the same bytes. Cairo and Pango draw, fontconfig finds the font
 * (DejaVu Sans: it has all Kazakh, Uzbek and Russian letters). Slow (tens of milliseconds): on pool
 * threads, jobs and commands only.
 */
#pragma once

#include "base/req.h"

enum pdf_kind {
    PDF_HEADING, /* label: a section's title; stays with what follows */
    PDF_TEXT,    /* text: paragraphs, line breaks kept; label, when given, stands above in grey */
    PDF_PAIR,    /* label on the left, text on the right */
    PDF_MARKED,  /* label and text with a bar at the side: the question, a warning */
    PDF_SMALL,   /* label, and below it text in small grey letters: a file and its hash */
    PDF_LINE,    /* a thin rule */
    PDF_IMAGE,   /* the next one of the document's pictures */
};

/* Lines on a picture; coordinates are parts of its sides, 0 to 1. */
enum pdf_shape_kind { PDF_PATH, PDF_PAIRS /* lines of two points */, PDF_ROUND /* the ends of two axes */ };
struct pdf_shape {
    enum pdf_shape_kind kind;
    uint32_t n;
    double x[4], y[4];
    struct str label; /* at its last point; may be empty */
};
enum { PDF_SHAPES_MAX = 32 };
struct pdf_picture {
    struct str jpeg;
    int width, height; /* points of it */
    struct pdf_shape shapes[PDF_SHAPES_MAX];
    uint32_t n_shapes;
};

struct pdf_block {
    enum pdf_kind kind;
    struct str label;
    struct str text; /* UTF-8; control characters are left out */
};

struct pdf_doc {
    struct str organization;  /* whose paper it is, on top */
    struct str title;         /* what the document is */
    struct str subtitle;      /* a line below the title; may be empty */
    struct str running;       /* on top of every further page: title, patient */
    struct str footer;        /* bottom left of every page */
    struct str page_of;       /* "Page {n} of {m}" in the document's language */
    const struct pdf_block *blocks;
    size_t n_blocks;
    const struct pdf_picture *const *pictures; /* one for each PDF_IMAGE, in order */
    size_t n_pictures;
    struct str seal_title;    /* the box at the end, beside the QR code; no box when empty */
    struct str seal_text;     /* who signed, when, how to check */
    struct str seal_url;      /* what the QR code holds; no code when empty */
    struct str author;        /* for the file's metadata */
    struct instant at;        /* the document's time: the file's dates */
};

enum { PDF_PAGES_MAX = 200, PDF_TEXT_MAX = 2 * 1024 * 1024, PDF_BYTES_MAX = 32 * 1024 * 1024 };

/* gives the file's bytes.
 * errors   E_TOO_LARGE  more than PDF_PAGES_MAX pages or PDF_TEXT_MAX bytes of text
 *          E_INTERNAL   the drawing library gave up */
MUST_USE enum err pdf_write(struct req *rq, const struct pdf_doc *doc, struct str *ret_pdf);
