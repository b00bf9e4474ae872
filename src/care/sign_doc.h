/* care/sign_doc.h - the consultant's conclusion as a FHIR R4 document: a Bundle fixed as bytes.
 *
 * These bytes are what is shown, signed, stored as a blob and printed. The same input gives the same
 * bytes: minified, members and entries in one order, nothing taken from a clock. Structure: FHIR R4
 * documents.html; sections: mandatory sections of a consultant's conclusion (policy of the three
 * jurisdictions). Bundle.identifier changes with every version, Composition.identifier stays
 * (Uzbek DHP, workflow-clinical-document). Files examined are named by the hash of their bytes
 * (RFC 6920).
 */
#pragma once

#include "base/text.h"
#include "codec/json.h"

/* One answered question; label may be empty. */
struct sign_line {
    struct str label;
    struct str text;
};

struct sign_section {
    struct str code;  /* linkId of the form's group */
    struct str title;
    const struct sign_line *lines;
    uint32_t n;
};

/* A file the consultant had before them. */
struct sign_seen {
    struct str id;    /* DocumentReference id */
    struct str title; /* file name or description */
    struct str type;  /* media type */
    struct str date;  /* FHIR dateTime; may be empty */
    uint64_t size;
    uint8_t sha[32];
};

/* A measurement or key image. */
struct sign_mark {
    struct jv body;         /* Observation */
    struct str label, text; /* what it is; its value, image, who and when */
    struct str jpeg;        /* the image; empty: not shown, or with another mark of it */
    uint32_t width, height; /* of the picture */
};

/* What a document is, beside a consultant's conclusion. */
struct sign_type {
    struct str sid;            /* "/fhir/sid/visit": what case_id is a number of */
    struct str loinc, display; /* Composition.type */
    const char *author;        /* msgid: "Doctor", before the name of who signs */
};
extern const struct sign_type sign_visit;
extern const struct sign_type sign_consilium;

/* On Composition: how many signatures make it valid; on an attester: has a dissenting opinion. */
#define SIGN_EXT_QUORUM "https://consilium.example/fhir/StructureDefinition/quorum"
#define SIGN_EXT_DISSENT "https://consilium.example/fhir/StructureDefinition/dissent"

/* One of several who sign a document. */
struct sign_party {
    struct jv role, practitioner, organization;
    struct str name;
    bool chairs, dissents;
};

struct sign_doc {
    const struct sign_type *type; /* NULL: a conclusion, which begins with who asked and what, and names the
                                   * files examined; others have the sections given and their signer */
    enum lang lang;
    struct str base_url;       /* "https://host", no slash at the end */
    int offset_min;            /* local time of the texts, minutes east of UTC */
    struct instant at;         /* time of the document */

    struct str bundle_id;      /* FHIR ids, new for each version */
    struct str composition_id;
    struct str code;           /* check code, sign_code_make(): new for each version */
    struct str case_id;        /* ServiceRequest id: names all versions together */
    uint32_t version;          /* 1 for the first */
    struct str replaces;       /* check code of the version this one replaces; empty for the first */
    struct str replace_reason; /* in words */

    struct str title;          /* what the document is, from the form */
    struct str kind;           /* urgency, shown */
    struct str mode;           /* by documents, or in real time, shown */
    struct instant asked;      /* when the case came; ms 0: unknown */
    struct instant start;      /* accepted; ms 0: unknown */
    struct str asker;          /* who asked: name */
    struct str asker_role;
    struct str asker_org;
    struct str question;

    struct jv patient;         /* Patient */
    bool numbers;              /* national numbers of who signs stand in the document: a certificate of
                                * their own is held to them */
    struct jv practitioner;    /* Practitioner who signs */
    struct jv role;            /* PractitionerRole they sign in */
    struct jv organization;    /* Organization of that role */
    struct jv request;         /* ServiceRequest; may be absent when there is an encounter */
    struct jv encounter;       /* Encounter of a visit; may be absent */
    struct jv response;        /* QuestionnaireResponse of the conclusion; may be absent */
    const struct sign_party *parties; /* who is to sign, the author among them; none: the author alone */
    uint32_t n_parties;
    uint32_t quorum;           /* signatures that make it valid; 0: that of the author */
    struct str target;         /* of the Provenance, "Type/id"; empty: the Bundle */
    struct str author_name;    /* shown names */
    struct str author_post;
    struct str organization_name;

    const struct sign_section *sections; /* the conclusion itself, in the form's order */
    uint32_t n_sections;
    const struct sign_seen *seen;
    uint32_t n_seen;
    const struct sign_mark *marks; /* no section when there are none */
    uint32_t n_marks;
};

enum { SIGN_CODE_LEN = 20, SIGN_DOC_MAX = 4 * 1024 * 1024 };

/* A new check code: 100 random bits, lower case base32. */
void sign_code_make(char out[SIGN_CODE_LEN + 1]);
bool sign_code_is_valid(struct str code);

/* gives the exact bytes of the document Bundle.
 * errors   E_BAD_INPUT  an id, a patient or an author is missing; E_TOO_LARGE */
MUST_USE enum err sign_doc_build(struct req *rq, const struct sign_doc *d, struct str *ret_bytes);

/* The Provenance that carries a signature over those bytes (Signature.data: the CMS in base64).
 * gives minified JSON without id */
MUST_USE enum err sign_doc_provenance(struct req *rq, const struct sign_doc *d, struct str bytes,
                                      struct str cms, struct str *ret_json);

/* "22.11.2026" */
void sign_date_write(struct buf *b, const struct civil *c);
/* "PDF document, 56 587 B": what a file is, as papers name it. a: for the number. */
void sign_file_write(struct buf *b, struct arena *a, enum lang lang, struct str type, uint64_t size);
/* "22.11.2026 14:02 (UTC+05:00)" */
void sign_time_write(struct buf *b, struct instant t, int offset_min);
/* "ni:///sha-256;..." of a hash (RFC 6920 3). */
void sign_hash_name(struct buf *b, const uint8_t sha[32]);
