/* store/schema_room_sql.c - the tables of rooms, where people meet by video. See schema_sql.c. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v13_room[] =
    /* One room per subject, for ever; its meetings are counted, each has an Encounter. */
    "CREATE TABLE room("
    " id TEXT PRIMARY KEY,"              /* tech */
    " kind INTEGER NOT NULL,"            /* tech: enum room_kind_id */
    " subject TEXT NOT NULL,"            /* pseudo: ServiceRequest or Appointment */
    " case_id TEXT NOT NULL,"            /* pseudo: ServiceRequest its record hangs on, '' the patient */
    " patient INTEGER NOT NULL,"         /* pseudo: rid of the Patient */
    " patient_id TEXT NOT NULL,"         /* pseudo */
    " opens_ms INTEGER NOT NULL,"        /* tech: nobody enters before, 0 always */
    " closes_ms INTEGER NOT NULL,"       /* tech: nor after, 0 never */
    " no_observers INTEGER NOT NULL,"    /* clinical: 1 when the patient refused observers */
    " meeting INTEGER NOT NULL,"         /* tech: number of the present or last one, 0 none yet */
    " live INTEGER NOT NULL,"            /* tech: 1 while it goes on */
    " encounter TEXT NOT NULL,"          /* pseudo: its Encounter, '' not yet two people */
    " begun_ms INTEGER NOT NULL,"        /* tech: when it began */
    " alive_ms INTEGER NOT NULL,"        /* tech: when somebody was known to be there last */
    " created_ms INTEGER NOT NULL,"      /* tech */
    " UNIQUE(kind, subject)) STRICT, WITHOUT ROWID;"
    /* Who was let in, by meeting. */
    "CREATE TABLE room_stay("
    " room TEXT NOT NULL,"               /* tech */
    " meeting INTEGER NOT NULL,"         /* tech */
    " key TEXT NOT NULL,"                /* staff: p:PERSON or g:GUEST */
    " name TEXT NOT NULL,"               /* staff, clinical: shown name */
    " role INTEGER NOT NULL,"            /* tech: enum room_role */
    " in_ms INTEGER NOT NULL,"           /* tech */
    " out_ms INTEGER NOT NULL,"          /* tech: known to be there until then */
    " removed INTEGER NOT NULL,"         /* tech: 1 when a host removed them */
    " line TEXT NOT NULL,"               /* tech: quality of the line, numbers, '' not known */
    " PRIMARY KEY(room, meeting, key)) STRICT, WITHOUT ROWID;"
    /* Links for people without an account. */
    "CREATE TABLE room_guest("
    " id TEXT PRIMARY KEY,"              /* tech */
    " room TEXT NOT NULL,"               /* tech */
    " token BLOB NOT NULL UNIQUE,"       /* secret: SHA-256 of what the link says */
    " code BLOB NOT NULL,"               /* secret: SHA-256 of the code and what the link says */
    " seat BLOB UNIQUE,"                 /* secret: SHA-256 of the cookie of the browser that used it */
    " role INTEGER NOT NULL,"            /* tech: enum room_role */
    " name TEXT NOT NULL,"               /* clinical: who it is for */
    " person TEXT NOT NULL,"             /* pseudo: Patient/ID or RelatedPerson/ID, '' somebody else */
    " by TEXT NOT NULL,"                 /* staff: Practitioner who made it, '' the program */
    " opens_ms INTEGER NOT NULL,"        /* tech */
    " expires_ms INTEGER NOT NULL,"      /* tech */
    " used_ms INTEGER NOT NULL,"         /* tech: when the code was given, 0 not yet */
    " wrong INTEGER NOT NULL,"           /* tech: wrong codes so far */
    " revoked_ms INTEGER NOT NULL,"      /* tech: 0 in force */
    " created_ms INTEGER NOT NULL"       /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX room_guest_room ON room_guest(room, created_ms);";
/* clang-format on */
