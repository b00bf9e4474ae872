/* store/schema_visit_sql.c - the tables of visits: whose times can be booked, exceptions from them, and the
 * visits. The resources (Schedule, Slot, Appointment) are the record; these rows are what must be found
 * fast, and what holds that a specialist is booked once at a time. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v14_visit[] =
    "CREATE TABLE visit_schedule("
    " id TEXT PRIMARY KEY,"              /* tech: Schedule */
    " person TEXT NOT NULL,"             /* staff: Practitioner who receives */
    " service TEXT NOT NULL,"            /* directory: HealthcareService, '' none */
    " org TEXT NOT NULL,"                /* directory: Organization */
    " active INTEGER NOT NULL"           /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX visit_schedule_person ON visit_schedule(person) WHERE active = 1;"
    "CREATE INDEX visit_schedule_service ON visit_schedule(service) WHERE active = 1;"
    "CREATE INDEX visit_schedule_org ON visit_schedule(org) WHERE active = 1;"
    /* Days and hours off, and hours beside the week. */
    "CREATE TABLE visit_block("
    " id TEXT PRIMARY KEY,"              /* tech: Slot */
    " schedule TEXT NOT NULL,"           /* tech */
    " start_ms INTEGER NOT NULL,"        /* staff */
    " end_ms INTEGER NOT NULL,"          /* staff */
    " minutes INTEGER NOT NULL,"         /* tech: length of a slot of extra hours, 0: hours off */
    " modes INTEGER NOT NULL,"           /* tech: SLOT_ bits of extra hours */
    " note TEXT NOT NULL"                /* staff */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX visit_block_when ON visit_block(schedule, start_ms);"
    "CREATE TABLE visit("
    " id TEXT PRIMARY KEY,"              /* pseudo: Appointment */
    " rid INTEGER NOT NULL,"             /* tech: of the Appointment */
    " state INTEGER NOT NULL,"           /* clinical: index into the states of the flow */
    " remote INTEGER NOT NULL,"          /* clinical */
    " patient_rid INTEGER NOT NULL,"     /* pseudo */
    " patient TEXT NOT NULL,"            /* pseudo: Patient */
    " person TEXT NOT NULL,"             /* staff: Practitioner, '' anybody of the service */
    " service TEXT NOT NULL,"            /* directory */
    " org TEXT NOT NULL,"                /* directory: where the visit is */
    " schedule TEXT NOT NULL,"           /* tech: '' none yet */
    " place TEXT NOT NULL,"              /* directory */
    " tz_min INTEGER NOT NULL,"          /* tech: of the place, minutes east of UTC */
    " start_ms INTEGER NOT NULL,"        /* clinical: 0 none yet */
    " end_ms INTEGER NOT NULL,"          /* clinical */
    " purpose TEXT NOT NULL,"            /* clinical: code */
    " problem TEXT NOT NULL,"            /* clinical: ICD-10, '' a new one */
    " by TEXT NOT NULL,"                 /* staff: Practitioner, or 'Patient/ID', 'RelatedPerson/ID' */
    " by_org TEXT NOT NULL,"             /* directory: '' by the patient */
    " taken INTEGER NOT NULL,"           /* tech: 1: the specialist is booked from start to end */
    " hold_ms INTEGER NOT NULL,"         /* tech: end of an offer, 0 none */
    " advice INTEGER NOT NULL,"          /* clinical: no visit in person counts */
    " encounter TEXT NOT NULL,"          /* clinical: the visit in person it rests on, '' none */
    " reason TEXT NOT NULL,"             /* clinical: why it was cancelled, code */
    " created_ms INTEGER NOT NULL,"      /* tech */
    " version INTEGER NOT NULL"          /* tech: moves so far */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX visit_person ON visit(person, start_ms);"
    "CREATE INDEX visit_org ON visit(org, start_ms);"
    "CREATE INDEX visit_by_org ON visit(by_org, start_ms);"
    "CREATE INDEX visit_patient ON visit(patient_rid, start_ms);"
    "CREATE INDEX visit_waiting ON visit(org, created_ms) WHERE start_ms = 0;";
/* clang-format on */
