/* api/dicomweb_int.h - what the DICOMweb handlers share; private to the room. */
#pragma once

#include "api/dicomweb.h"
#include "api/fhir_int.h"
#include "care/imaging.h"
#include "codec/dicom_frames.h"

/* What the address names, as far as it goes. */
struct dw_place {
    struct dicom_study study;
    struct dicom_series series;     /* key 0: not named */
    struct dicom_instance instance; /* key 0: not named */
};
/* Finds it and puts the look on record.
 * errors  E_NOT_FOUND  none such, or not theirs; E_FORBIDDEN  the token's scopes */
MUST_USE enum err dw_open(struct http_req *h, enum audit_action action, struct dw_place *ret_place);

/* An instance to be given out. */
struct dw_item {
    struct str series;   /* UID */
    struct str sop;      /* UID */
    struct str syntax;   /* UID */
    struct blob_ref blob;
    uint32_t frames;
};
struct dw_items {
    struct dw_item *v;
    size_t n;
};
/* Those of the place, series by series in their order. errors E_TOO_LARGE */
MUST_USE enum err dw_items(struct http_req *h, const struct dw_place *place, struct dw_items *ret_items);
/* The middle image of the place: of its first series that has images with pixels.
 * errors E_NOT_FOUND none */
MUST_USE enum err dw_middle(struct http_req *h, const struct dw_place *place, struct dw_item *ret_item);
/* The file of an instance, mapped and opened; lives as long as the request. */
MUST_USE enum err dw_file(struct http_req *h, const struct dw_item *item, struct dicom_file *ret_file);

/* "http://host/dicom-web/studies/S", "/series/R", "/instances/I": series and sop may be empty. */
void dw_url(struct http_req *h, struct buf *b, struct str study, struct str series, struct str sop);

/* ---- content negotiation: api/dicomweb_accept.c (PS3.18 8.7) ---- */

struct dw_form {
    bool multipart;
    struct str type;   /* media type of the parts, or of the one body */
    struct str syntax; /* transfer syntax asked for; empty: any, as it is kept */
    bool asked;        /* false: anything will do */
};
/* The forms the caller takes, best first; anything goes as one form with asked false. At most max. */
uint32_t dw_accepted(struct http_req *h, struct dw_form *ret_forms, uint32_t max);
enum { DW_FORMS_MAX = 16 };

/* ---- answers of several parts ---- */

struct dw_parts {
    struct http_req *h;
    struct http_piece *v;
    size_t n;
    size_t max;
    struct str boundary;
    bool failed;
};
/* Room for n parts of at most pieces pieces in all. errors E_TOO_LARGE */
MUST_USE enum err dw_parts_begin(struct http_req *h, size_t n, size_t pieces, struct dw_parts *ret_p);
/* The head of a part of size bytes; its pieces follow. */
void dw_part(struct dw_parts *p, struct str type, struct str syntax, uint64_t size, struct str location);
void dw_part_bytes(struct dw_parts *p, struct str bytes);
void dw_part_file(struct dw_parts *p, const struct blob_ref *blob);
/* Answers: multipart/related of that type. */
MUST_USE enum err dw_parts_end(struct dw_parts *p, struct str type);
