/* dicom/dimse_int.h - the inner side of an association; private to the room. */
#pragma once

#include "dicom/dimse.h"

enum {
    PDU_ASSOCIATE_RQ = 1,
    PDU_ASSOCIATE_AC = 2,
    PDU_ASSOCIATE_RJ = 3,
    PDU_DATA = 4,
    PDU_RELEASE_RQ = 5,
    PDU_RELEASE_RP = 6,
    PDU_ABORT = 7,
    PDU_HEAD = 6,            /* type, reserved, length */
    PDV_HEAD = 6,            /* length, context, control */
    PDV_COMMAND = 1,         /* bits of the message control header */
    PDV_LAST = 2,
    UID_MAX = 64,
    TITLE_MAX = 16,
    HELD_MAX = 64 * 1024,    /* of a request of association */
    COMMAND_MAX = 16 * 1024, /* of a command set */
};

enum dimse_state {
    DIMSE_WAITS,      /* for the request */
    DIMSE_STANDS,
    DIMSE_OVER,
};

struct dimse_uid {
    char v[UID_MAX];
    uint8_t n;
};

struct dimse_context {
    struct dimse_uid abstract; /* n 0: not proposed */
    struct dimse_uid transfer; /* the one accepted */
    uint8_t result;            /* 0 accepted, 3 abstract syntax, 4 transfer syntaxes (PS3.8 table 9-18) */
};

/* A command set as far as it matters here. */
struct dimse_command {
    struct str sop_class;
    struct str sop_instance;
    uint16_t field;
    uint16_t message;
    bool has_data;
};

struct dimse {
    struct dimse_sink sink;
    enum dimse_state state;
    char calling[TITLE_MAX];
    uint8_t calling_n;
    char called[TITLE_MAX];
    uint8_t called_n;
    struct dimse_context contexts[DIMSE_CONTEXTS_MAX]; /* by (id - 1) / 2 */

    /* the PDU that comes in */
    unsigned char head[PDU_HEAD];
    uint8_t head_n;
    uint32_t left;              /* bytes of it still to come */
    unsigned char pdv[PDV_HEAD];
    uint8_t pdv_n;
    uint32_t pdv_left;          /* bytes of the fragment still to come */

    /* the message that comes in */
    char held[HELD_MAX];        /* request of association, or command set */
    uint32_t held_n;
    bool in_data;               /* the command came, its data set is awaited */
    bool skipping;              /* nobody wants the data set */
    bool failed;                /* the sink refused */
    uint8_t context;            /* of the command */
    struct dimse_command command;
    struct dimse_uid sop_class; /* what command's slices point to while the data set comes */
    struct dimse_uid sop_instance;
};

static inline uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline struct str uid_str(const struct dimse_uid *u)
{
    return (struct str){u->v, u->n};
}

/* dimse_assoc.c */

/* Reads a request of association (its bytes after the PDU head) into d and writes the answer: accepted,
 * or rejected. false: rejected, or no request at all (then nothing is written). */
bool dimse_associate(struct dimse *d, struct str request, struct buf *out);
/* An A-ABORT from us (PS3.8 9.3.8): reason 0 not told, 2 unexpected PDU, 6 invalid value. */
void dimse_abort(struct buf *out, uint8_t reason);
void dimse_be16(struct buf *b, unsigned v);
void dimse_be32(struct buf *b, uint32_t v);

/* dimse_command.c */

/* Reads a command set. false: malformed. */
bool dimse_command_read(struct str bytes, struct dimse_command *ret_command);
/* The answer to the command in d, as one P-DATA PDU. */
void dimse_respond(struct dimse *d, uint16_t status, struct str comment, struct buf *out);
