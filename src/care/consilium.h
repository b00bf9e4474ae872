/* care/consilium.h - a consilium: clinicians of several organisations decide together about the
 * patients of an
 * agenda, and all sign one protocol for each.
 *
 * Every patient of the agenda is a ServiceRequest with a coordination Task and a CareTeam of the
 * same id; each
 * member has a Task of their own for each patient. Its team are those who take part; with an answer
 * "yes" a
 * member joins the team of the case too, so that its materials are open to members only. What was
 * said in the
 * discussion hangs on the ServiceRequest; when it is closed, the team of the case joins and reads it.
 *
 * The policy is that of the organisation that called it. No quorum, no decision: the rows of the
 * workflow
 * (care/consilium.c) need it, and it is counted again in the transaction that moves. */
#pragma once

#include "care/access.h"
#include "care/consilium_flow.h"
#include "care/form.h"
#include "care/stamping.h"
#include "care/policy.h"
#include "codec/cms.h"

struct sign_means;

enum { CONSILIUM_MEMBERS_MAX = 24, CONSILIUM_PATIENTS_MAX = 12, CONSILIUM_TEXT_MAX = 16000 };

/* Stored: append only. */
enum member_state { MEMBER_ASKED, MEMBER_IN, MEMBER_DECLINED, MEMBER_REPLACED, MEMBER_LEFT };
enum opinion_state {
    OPINION_NONE,
    OPINION_GIVEN,
    OPINION_ABSTAINED,
    OPINION_ABSENT /* silent when the meeting was over: the chair said why; not waited for */
};
enum signed_state { SIGNED_NOT, SIGNED_YES, SIGNED_REFUSED };

struct consilium_member {
    struct str person, name;
    struct str role;          /* PractitionerRole asked in */
    struct str post, org, org_name; /* post: code of content/roles.json; as of now */
    enum member_state state;
    bool votes;               /* false: secretary or convener alone */
    struct str instead_of;    /* person whose place was taken */
    struct str reason;
    int64_t at_ms;
    uint32_t was_in;
    bool shut;                /* abroad, without a patient's consent: as one who left (care/abroad.h) */
};

struct consilium_item {
    struct str id;            /* ServiceRequest, Task and CareTeam */
    int64_t rid;
    struct str consilium;
    uint32_t pos;
    struct str case_id;       /* the case it comes from */
    int64_t case_rid;
    struct str attending;     /* who treats the patient */
    struct str patient;
    int64_t patient_rid;
    uint32_t state;           /* enum consilium_state */
    uint64_t version;
    int64_t accept_due_ms, answer_due_ms;
    uint32_t level;
    struct str bundle;        /* protocol that is or was signed; empty: none */
    struct str sha;           /* SHA-256 of its bytes in hex */
    uint32_t editions;
    int64_t created_ms, closed_ms;
    bool sees;                /* rq->who reads about this patient */
};

struct consilium {
    struct str id, org, convener, chair, secretary;
    uint32_t urgency;         /* index into content->urgencies */
    bool written, hidden;
    uint32_t quorum;
    int64_t start_ms, created_ms;
    int64_t until_ms;         /* opinions in writing are given until then; live: planned end, 0: none */
    uint64_t version;
    struct consilium_item items[CONSILIUM_PATIENTS_MAX];
    uint32_t n_items;
    struct consilium_member members[CONSILIUM_MEMBERS_MAX];
    uint32_t n_members;
    const struct policy *policy;
    const struct directory *dir;
    unsigned actor;           /* ACTOR_ bits of rq->who */
    const struct consilium_member *me; /* rq->who's row, NULL: none */
    bool all;                 /* takes part or runs it: sees every patient; else what items say */
    enum audit_why why;
};

/* Loads it for rq->who; the look is put on record for each patient. item_id empty, or a patient of it.
 * errors  E_NOT_FOUND  none, or not theirs */
MUST_USE enum err consilium_open(struct req *rq, struct str id, enum audit_action action,
                                 struct consilium *ret_c);
MUST_USE enum err consilium_open_item(struct req *rq, struct str item_id, enum audit_action action,
                                      struct consilium *ret_c, struct consilium_item **ret_item);

/* How many members take part, and whether this is the quorum. */
uint32_t consilium_present(const struct consilium *c);
bool consilium_has_quorum(const struct consilium *c);
/* Whether a member is asked for opinion and signature: votes and takes part, and sees it. */
static inline bool member_sits(const struct consilium_member *m)
{
    return m->votes && m->state == MEMBER_IN && !m->shut;
}
const struct consilium_member *consilium_member(const struct consilium *c, struct str person);
/* Present state of the meeting: of the patient who is least far; called off only when all are. */
uint32_t consilium_state_of(const struct consilium *c);

/* ---- Calling ---- */

/* Fields of the form:
 *   question   what is asked; required
 *   urgency    "emergency" or "planned"
 *   written    "1": in writing, until `until`
 *   start      "2026-11-22T14:30", local time; planned ones need it
 *   until      the same; needed when in writing, else the planned end
 *   member     "PractitionerRole", repeated: who is asked
 *   chair      Practitioner, one of the members or who calls
 *   secretary  Practitioner; empty: who calls
 *   keeper     "1": the secretary keeps the protocol without a vote
 *   quorum     number; empty: the policy's. Never below it, nor 2, nor above the members
 *   hidden     "1": opinions are shown once all are given
 *   self       "1": who calls is a member too
 */
/* Calls a consilium about the patient of a case: writes all its resources, invites the members.
 * errors  E_BAD_INPUT see ret_problems; E_NOT_FOUND the case; E_FORBIDDEN no clinician
 *         E_CONFLICT  the case is closed */
MUST_USE enum err consilium_call(struct req *rq, struct tx *tx, struct str case_id,
                                 const struct fields *typed, struct problems *ret_problems,
                                 struct str *ret_id);
/* One more patient on the agenda while members are being asked.
 * errors  E_FORBIDDEN, E_NOT_FOUND, E_BAD_INPUT, E_CONFLICT  it has begun; the patient is on it
 * already */
MUST_USE enum err consilium_add(struct req *rq, struct tx *tx, struct str id, struct str case_id,
                                struct str question);
/* Who may be asked: a role of the directory fits when it may answer or lead, or names a role the policy
 * lets answer. */
bool consilium_fits(const struct policy *p, const struct role_ref *role);

/* ---- Who takes part: accept, decline, substitute, invite, leave ---- */

struct consilium_args {
    struct str reason; /* or text */
    struct str role;   /* PractitionerRole: the substitute, the one asked */
    struct str person; /* Practitioner: the next chair, when the chair leaves */
    uint64_t version;  /* of the consilium or the item the person saw; 0: as it is now */
};
/* errors  E_FORBIDDEN; E_BAD_INPUT (detail: reason, role, person); E_CONFLICT not in this state
 *         and from the commit E_STALE: somebody else answered meanwhile: load again */
MUST_USE enum err consilium_part(struct req *rq, struct tx *tx, struct str id, struct str action,
                                 const struct consilium_args *args);

/* ---- Moves of the whole meeting and of one patient ---- */

/* convene, begin, cancel for every patient of the agenda that is in a state they start from.
 * errors  as consilium_part; E_CONFLICT with detail "quorum" */
MUST_USE enum err consilium_move(struct req *rq, struct tx *tx, struct str id, struct str action,
                                 const struct consilium_args *args);
/* draft, return, reopen, close, cancel of one patient.
 * errors  as consilium_part; E_CONFLICT with detail "quorum", "opinions", "signatures", "decision" */
MUST_USE enum err consilium_item_move(struct req *rq, struct tx *tx, struct str item_id,
                                      struct str action, const struct consilium_args *args);
/* The clock's job of one patient; does nothing when arg does not fit any more. rq->who is who_clock.
 * errors  E_NOT_FOUND  no such patient */
MUST_USE enum err consilium_clock_run(struct req *rq, struct tx *tx, struct str item_id,
                                      struct str arg);
/* The clock's job before it begins: whoever is asked or takes part is reminded, without a word of what about.
 * errors  E_NOT_FOUND  no such consilium */
MUST_USE enum err consilium_remind(struct req *rq, struct tx *tx, struct str id, struct str arg);

/* ---- Voices ---- */

struct consilium_voice {
    struct str person;
    struct str task;
    enum opinion_state opinion;
    struct str opinion_id;    /* ClinicalImpression */
    struct str text;          /* opinion, or why none; empty while hidden from the reader */
    bool hidden;              /* given, and not shown to this reader yet */
    bool shown;
    struct str entered_by;    /* empty: the member; who marked them as absent */
    int64_t opinion_ms;
    struct str dissent;
    enum signed_state signed_state;
    int64_t signed_ms;
    struct str refusal;
    struct str body, proof;   /* as stored; empty while hidden */
};
/* The voices of one patient, as rq->who may read them: at most CONSILIUM_MEMBERS_MAX. */
MUST_USE enum err consilium_voices(struct req *rq, const struct consilium *c,
                                   const struct consilium_item *item,
                                   struct consilium_voice *ret_voices, uint32_t *ret_n);
/* Whether the time of a written one has passed: no opinion is given any more, and who gave none is neither
 * waited for nor asked to sign. No quorum of opinions, no decision. */
bool consilium_is_over(const struct req *rq, const struct consilium *c);
/* Whether a member's opinion and signature are waited for; v: their voice, NULL: none. */
bool consilium_awaits(const struct req *rq, const struct consilium *c, const struct consilium_member *m,
                      const struct consilium_voice *v);
/* The voice of a member among these; NULL: none. */
const struct consilium_voice *consilium_voice_of(const struct consilium_voice *voices, uint32_t n,
                                                 struct str person);
/* Whether rq->who may enter the opinion of this member: the member; or who treats the patient,
 * where the
 * policy says so. */
bool consilium_may_enter(const struct req *rq, const struct consilium *c,
                         const struct consilium_item *item, const struct consilium_member *m);
/* Extensions of an opinion (R4 ClinicalImpression): the patient of the agenda (ServiceRequest), and who
 * entered it in place of the member. */
#define OPINION_EXT CARE_URL "/StructureDefinition/consilium-opinion"
#define OPINION_EXT_ENTERED CARE_URL "/StructureDefinition/entered-by"
/* Signs the opinion of a member and keeps it. Slow: password hashing.
 * errors  E_SIGN_IN, E_LOCKED, E_BUSY the password; E_BAD_INPUT text; E_FORBIDDEN; E_CONFLICT; from
 * the commit
 *         E_STALE: it was given already, or the discussion ended */
MUST_USE enum err consilium_opinion(struct req *rq, struct tx *tx, struct str item_id,
                                    struct str person, struct str text, struct str password);
/* By an own token, in two steps. First the opinion is fixed as the bytes that are signed, kept for a day as
 * what rq->who saw last for this patient. errors as above, but the password; E_UNSUPPORTED  no authority is
 * trusted */
MUST_USE enum err consilium_opinion_fix(struct req *rq, struct tx *tx, struct str item_id,
                                        struct str person, struct str text);
struct opinion_paper {
    struct str bytes;  /* R4 ClinicalImpression */
    char sha[65];      /* SHA-256 of the bytes in hex */
    struct str person; /* whose opinion it is */
    struct str text;
};
/* errors  E_NOT_FOUND  none was fixed */
MUST_USE enum err consilium_opinion_fixed(struct req *rq, struct str item_id,
                                          struct opinion_paper *ret_paper);
/* Then the signature over exactly those bytes is taken, and the opinion kept. Slow.
 * errors  E_STALE  other bytes than sha were fixed since, or it was a day ago; E_BAD_INPUT  means->fault: the
 * signature is not taken; as consilium_opinion */
MUST_USE enum err consilium_opinion_sign(struct req *rq, struct tx *tx, struct str item_id, struct str sha,
                                         struct sign_means *means);
/* The signed opinion of a member, as rq->who may read it, and its signature in one file, for `consilium
 * verify`. errors  E_NOT_FOUND  none is given, or it is hidden yet */
MUST_USE enum err consilium_opinion_package(struct req *rq, const struct consilium *c,
                                            const struct consilium_item *item, struct str person,
                                            struct str *ret_json);
/* abstain and dissent: words of a member. errors as above */
MUST_USE enum err consilium_abstain(struct req *rq, struct tx *tx, struct str item_id,
                                    struct str reason);
MUST_USE enum err consilium_dissent(struct req *rq, struct tx *tx, struct str item_id,
                                    struct str text);
/* Whether the meeting about one patient of a live consilium is over: it was held and has ended, or its
 * planned time has passed. */
MUST_USE enum err consilium_was_held(struct req *rq, const struct consilium *c,
                                     const struct consilium_item *item, bool *ret_held);
/* The chair says that a member who gave no opinion was absent: neither opinion nor signature of theirs
 * is waited for, and the protocol says so. The quorum of opinions and of signatures is held without
 * them; until the decision is drafted they may still speak.
 * errors  E_BAD_INPUT reason, person; E_FORBIDDEN; E_CONFLICT spoken already; with detail "held": in
 *         writing, or the meeting goes on */
MUST_USE enum err consilium_absent(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                                   struct str reason);
/* The chair gives more time for opinions in writing: until, local time as in the form of the call, later
 * than now and than it was. The promised time to decide moves along.
 * errors  E_BAD_INPUT reason, until; E_FORBIDDEN; E_CONFLICT not in writing, or past the discussion;
 *         from the commit E_STALE */
MUST_USE enum err consilium_extend(struct req *rq, struct tx *tx, struct str id, struct str until,
                                   struct str reason);
/* A message of the discussion. errors E_BAD_INPUT, E_CONFLICT closed, E_LOCKED too many */
MUST_USE enum err consilium_say(struct req *rq, struct tx *tx, struct str item_id, struct str text);

/* ---- The protocol ---- */

/* One section of the protocol that people write. */
struct protocol_part {
    struct str code;
    bool must;         /* the policy demands it */
    struct str text;   /* as it stands */
};
enum { PROTOCOL_PARTS_MAX = 16 };
struct protocol {
    struct protocol_part parts[PROTOCOL_PARTS_MAX];
    uint32_t n;
    struct str orders;     /* one a line */
    uint64_t version;      /* of the draft; 0: nothing written yet */
    struct str by_name;    /* who wrote last */
    struct instant at;
    const struct policy_doc *doc; /* what demands the sections; NULL: the policy names none */
};
/* A section's title in a language. */
struct str protocol_title(enum lang lang, const struct protocol_part *part);
/* What was decided; empty: not written yet. */
struct str protocol_decision(const struct protocol *p);
/* The draft of the protocol, with every section the policy demands. */
MUST_USE enum err protocol_load(struct req *rq, const struct consilium *c,
                                const struct consilium_item *item, struct protocol *ret_p);
/* Writes it: fields by code of section, and "orders". seen: the version the writer began from.
 * errors  E_STALE      somebody else wrote meanwhile (now, or from the commit)
 *         E_BAD_INPUT  a text is too long (detail: code); E_FORBIDDEN; E_CONFLICT not in this state */
MUST_USE enum err protocol_save(struct req *rq, struct tx *tx, struct str item_id,
                                const struct fields *typed, uint64_t seen);
/* Fixes the protocol as bytes for signing (the move "present"). lang of the document: rq->lang.
 * errors  E_CONFLICT with detail "quorum", "opinions" or the code of a section that is empty;
 * E_FORBIDDEN */
MUST_USE enum err protocol_present(struct req *rq, struct tx *tx, struct str item_id,
                                   struct str base_url, uint64_t version);
/* The bytes that are signed: durable, with their hash in hex.
 * errors  E_NOT_FOUND none; E_CHECKSUM */
MUST_USE enum err protocol_bytes(struct req *rq, const struct consilium_item *item,
                                 struct str *ret_bytes, char ret_sha[65]);
/* Signs exactly those bytes; closes the consilium of this patient when it was the last voice and
 * the quorum
 * signed. Slow. errors  E_STALE  another protocol than sha; E_BAD_INPUT  means->fault: the signature is not
 * taken; as consilium_opinion */
MUST_USE enum err protocol_sign(struct req *rq, struct tx *tx, struct str item_id, struct str sha,
                                struct sign_means *means);
MUST_USE enum err protocol_refuse(struct req *rq, struct tx *tx, struct str item_id,
                                  struct str reason);

/* One signature of a protocol. */
struct protocol_signature {
    struct str person;     /* empty: nobody the document names */
    struct str provenance; /* id */
    struct str cms;        /* DER */
    struct str stamped;    /* the same to hand out: with the time stamp in it, when there is one */
    struct stamping stamp;
    struct cms_verdict *verdict;
};
/* The signatures over these bytes, oldest first; checked against the deployment's authority, or those an
 * administrator trusts. */
MUST_USE enum err protocol_signatures(struct req *rq, const struct consilium_item *item,
                                      struct str bytes, struct protocol_signature *ret_all,
                                      uint32_t n, uint32_t *ret_n);
/* The document and all its signatures in one file, for `consilium verify`. */
MUST_USE enum err protocol_package(struct req *rq, const struct consilium_item *item,
                                   struct str *ret_json);
/* On paper. slow */
MUST_USE enum err protocol_pdf(struct req *rq, const struct consilium *c,
                               const struct consilium_item *item, struct str *ret_pdf);

/* Who signed it or refused to: what the public check of its code says. */
struct protocol_signer {
    struct str name, post, org;
    struct str issuer, certificate; /* of an own token: whose certificate, its number; else empty */
    struct instant at;
    struct stamping stamp;
    bool chair, refused;
};
struct protocol_check {
    struct protocol_signer all[2 * CONSILIUM_MEMBERS_MAX];
    uint32_t n, n_signed;
    bool good;            /* every signature holds, and the quorum signed */
};
/* Asks nobody who they are; the look is put on record by sign_check(). errors E_NOT_FOUND none; E_CHECKSUM */
MUST_USE enum err protocol_check(struct req *rq, struct str item_id, struct protocol_check *ret_check);

/* ---- What came of it ---- */

struct consilium_order {
    struct str task;      /* Task of the case */
    struct str text;
    struct str item;      /* which consilium */
    struct str owner_name; /* who carries it out: whoever treats the patient */
    int64_t due_ms;       /* 0: no day was named */
    bool done;
};
/* The orders of consilia in a case, newest first. */
MUST_USE enum err consilium_orders(struct req *rq, int64_t case_rid, struct consilium_order *ret_orders,
                                   uint32_t n, uint32_t *ret_n);
/* An order was carried out: says who asked for the consultation or their organisation.
 * errors  E_NOT_FOUND, E_FORBIDDEN, E_CONFLICT done already */
MUST_USE enum err consilium_order_done(struct req *rq, struct tx *tx, struct str case_id,
                                       struct str task);

/* ---- Lists ---- */

/* Consilia rq->who has a part in, newest first, called before (0: from the newest); rows as
 * consilium_open
 * gives them, without a look on record. */
MUST_USE enum err consilium_list(struct req *rq, int64_t before_ms, struct consilium *ret_all,
                                 uint32_t n, uint32_t *ret_n);
/* Those about a case, newest first, that rq->who may see, whole; ret_at: which of its patients is that
 * of the case. */
MUST_USE enum err consilium_of_case(struct req *rq, struct str case_id, struct consilium *ret_all,
                                    uint32_t *ret_at, uint32_t n, uint32_t *ret_n);
