/* api/fhir.h - the FHIR REST interface (R4 http.html): handlers for app/routes.c.
 *
 *   /fhir                        POST batch, transaction; GET search; /_search POST
 *   /fhir/metadata               GET
 *   /fhir/:type                  GET, POST, PUT, PATCH, DELETE; /_search POST; /_history GET; /$validate POST
 *   /fhir/:type/:id/:inner       GET; /_search POST (Patient/1/Observation, or all)
 *   /fhir/:type/:id              GET, PUT, PATCH, DELETE; /_history GET; /_history/:vid GET
 *   /fhir/Task/:id/$move         POST
 *   /fhir/Binary/:id             GET gives raw bytes, unless FHIR JSON is asked for
 *   /fhir/$export ...            see bulk.c
 */
#pragma once

#include "http/http.h"

enum { BUNDLE_ENTRIES_MAX = 10000 };

enum err api_fhir_metadata(struct http_req *h);
enum err api_fhir_read(struct http_req *h);
enum err api_fhir_vread(struct http_req *h);
enum err api_fhir_history(struct http_req *h);      /* of one resource */
enum err api_fhir_type_history(struct http_req *h); /* of a type */
enum err api_fhir_system_history(struct http_req *h); /* of everything the caller may see */
enum err api_fhir_search(struct http_req *h);       /* GET, and POST _search */
enum err api_fhir_system_search(struct http_req *h); /* over several types, likewise */
enum err api_fhir_compartment_search(struct http_req *h); /* what is about one resource, likewise */
enum err api_fhir_create(struct http_req *h);
enum err api_fhir_update(struct http_req *h);
enum err api_fhir_patch(struct http_req *h);        /* of one resource */
enum err api_fhir_patch_if(struct http_req *h);     /* of the one that fits a condition */
enum err api_fhir_delete(struct http_req *h);
enum err api_fhir_update_if(struct http_req *h);    /* of the one that fits a condition, or a new one */
enum err api_fhir_delete_if(struct http_req *h);    /* of the one that fits a condition */
enum err api_fhir_bundle(struct http_req *h);
enum err api_fhir_validate(struct http_req *h);
enum err api_fhir_validate_one(struct http_req *h);
enum err api_fhir_validate_stored(struct http_req *h);
enum err api_fhir_meta(struct http_req *h);         /* :id/$meta */
enum err api_fhir_type_meta(struct http_req *h);    /* :type/$meta */
enum err api_fhir_system_meta(struct http_req *h);  /* $meta */
enum err api_fhir_meta_add(struct http_req *h);
enum err api_fhir_meta_delete(struct http_req *h);
enum err api_fhir_patient_everything(struct http_req *h);
enum err api_fhir_encounter_everything(struct http_req *h);
enum err api_fhir_expand(struct http_req *h);       /* ValueSet/$expand, ValueSet/:id/$expand */
enum err api_fhir_set_validate(struct http_req *h); /* ValueSet/$validate-code, likewise */
enum err api_fhir_system_validate(struct http_req *h); /* CodeSystem/$validate-code */
enum err api_fhir_lookup(struct http_req *h);       /* CodeSystem/$lookup */
enum err api_fhir_subsumes(struct http_req *h);     /* CodeSystem/$subsumes, CodeSystem/:id/$subsumes */
enum err api_fhir_translate(struct http_req *h);    /* ConceptMap/$translate, ConceptMap/:id/$translate */
/* Subscriptions: api/subscription.c. */
enum err api_sub_status(struct http_req *h);
enum err api_sub_status_all(struct http_req *h);
enum err api_sub_events(struct http_req *h);
enum err api_sub_topics(struct http_req *h);
enum err api_sub_stream(struct http_req *h);
enum err api_fhir_move(struct http_req *h);         /* one step of a workflow */
enum err api_conclusion_sign(struct http_req *h);   /* a conclusion by the signature of an own token; SLOW */
enum err api_protocol_sign(struct http_req *h);     /* the protocol of a consilium, the same; SLOW */
enum err api_opinion_sign(struct http_req *h);      /* the opinion of a member of one, the same; SLOW */
enum err api_fhir_export(struct http_req *h);          /* Bulk Data: kick-off */
enum err api_fhir_export_patients(struct http_req *h);
enum err api_fhir_export_group(struct http_req *h);
enum err api_fhir_export_status(struct http_req *h);
enum err api_fhir_export_end(struct http_req *h);
enum err api_fhir_export_file(struct http_req *h);
enum err api_fhir_import(struct http_req *h);
enum err api_fhir_import_status(struct http_req *h);
enum err api_fhir_import_end(struct http_req *h);
enum err api_fhir_import_file(struct http_req *h);
enum err api_fhir_view(struct http_req *h);            /* $viewdefinition-run */
enum err api_fhir_unknown(struct http_req *h);      /* any other address below /fhir */

/* The renderer of failures for KIND_FHIR rows: an OperationOutcome. */
enum err api_fhir_error(struct http_req *h, enum err code);
