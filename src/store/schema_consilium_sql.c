/* store/schema_consilium_sql.c - the tables of consilia: who takes part, which patients, who said
 * what. What was
 * said and decided stands in the resources; here is what must be found fast, and opinions while
 * they are
 * hidden. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v16_consilium[] =
    "CREATE TABLE consilium("
    " id TEXT PRIMARY KEY,"             /* pseudo */
    " org TEXT NOT NULL,"               /* staff: Organization that called it */
    " convener TEXT NOT NULL,"          /* staff: Practitioner */
    " chair TEXT NOT NULL,"             /* staff */
    " secretary TEXT NOT NULL,"         /* staff */
    " urgency TEXT NOT NULL,"           /* tech: code */
    " written INTEGER NOT NULL,"        /* tech: 1 held in writing within a time */
    " hidden INTEGER NOT NULL,"         /* tech: 1 opinions are shown once all are given */
    " quorum INTEGER NOT NULL,"         /* tech */
    " start_ms INTEGER NOT NULL,"       /* tech */
    " until_ms INTEGER NOT NULL,"       /* tech: in writing: opinions by then; 0 */
    " created_ms INTEGER NOT NULL,"     /* tech */
    " version INTEGER NOT NULL"         /* tech: changes of who takes part */
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE consilium_item("
    " id TEXT PRIMARY KEY,"             /* pseudo: ServiceRequest; its Task and CareTeam share it */
    " rid INTEGER NOT NULL,"            /* tech */
    " consilium TEXT NOT NULL,"         /* pseudo */
    " pos INTEGER NOT NULL,"            /* tech: place on the agenda, 0.. */
    " case_id TEXT NOT NULL,"           /* pseudo: the case it comes from */
    " case_rid INTEGER NOT NULL,"       /* tech */
    " attending TEXT NOT NULL,"         /* staff: who treats the patient: asked in the case */
    " patient_id TEXT NOT NULL,"        /* pseudo */
    " patient_rid INTEGER NOT NULL,"    /* tech */
    " state INTEGER NOT NULL,"          /* tech: index of the workflow */
    " version INTEGER NOT NULL,"        /* tech */
    " accept_due_ms INTEGER NOT NULL,"  /* tech */
    " answer_due_ms INTEGER NOT NULL,"  /* tech */
    " level INTEGER NOT NULL,"          /* tech */
    " bundle TEXT NOT NULL,"            /* pseudo: the protocol that is signed, '' none */
    " sha TEXT NOT NULL,"               /* tech: SHA-256 of its exact bytes in hex, '' none */
    " editions INTEGER NOT NULL,"       /* tech: protocols fixed so far */
    " created_ms INTEGER NOT NULL,"     /* tech */
    " closed_ms INTEGER NOT NULL"       /* tech: 0 open */
    ") STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX consilium_item_of ON consilium_item(consilium, pos);"
    "CREATE INDEX consilium_item_case ON consilium_item(case_id, created_ms);"
    "CREATE TABLE consilium_member("
    " consilium TEXT NOT NULL,"         /* pseudo */
    " person TEXT NOT NULL,"            /* staff */
    " role TEXT NOT NULL,"              /* staff: PractitionerRole asked in */
    " state INTEGER NOT NULL,"          /* tech: enum member_state */
    " votes INTEGER NOT NULL,"          /* tech: 0 secretary or convener alone */
    " instead_of TEXT NOT NULL,"        /* staff: whose place was taken, '' nobody's */
    " reason TEXT NOT NULL,"            /* staff: why not, or why left */
    " at_ms INTEGER NOT NULL,"          /* tech: of the answer */
    " was_in INTEGER NOT NULL,"         /* tech: bits of agenda places whose case this person saw before */
    " called_ms INTEGER NOT NULL,"      /* tech: of the consilium, for lists */
    " PRIMARY KEY(consilium, person)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX consilium_member_person ON consilium_member(person, called_ms);"
    "CREATE TABLE consilium_voice("
    " item TEXT NOT NULL,"              /* pseudo */
    " person TEXT NOT NULL,"            /* staff */
    " task TEXT NOT NULL,"              /* pseudo: Task of this member */
    " opinion INTEGER NOT NULL,"        /* tech: enum opinion_state */
    " opinion_id TEXT NOT NULL,"        /* pseudo: ClinicalImpression */
    " body BLOB NOT NULL,"              /* clinical: the opinion exactly as signed, or why there is none */
    " proof BLOB NOT NULL,"             /* clinical: Provenance with the signature, until it is shown */
    " shown INTEGER NOT NULL,"          /* tech: 1 it is a resource that members read */
    " entered_by TEXT NOT NULL,"        /* staff: '' the member */
    " opinion_ms INTEGER NOT NULL,"     /* tech */
    " dissent TEXT NOT NULL,"           /* clinical: '' none */
    " signed INTEGER NOT NULL,"         /* tech: enum signed_state, of the present protocol */
    " signed_ms INTEGER NOT NULL,"      /* tech */
    " refusal TEXT NOT NULL,"           /* clinical: why not signed */
    " PRIMARY KEY(item, person)) STRICT, WITHOUT ROWID;";
/* clang-format on */
