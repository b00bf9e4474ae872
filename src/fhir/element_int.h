/* fhir/element_int.h - how element rows are written; private to the room. */
#pragma once

#include "fhir/element.h"

#define E(name_, shape_, flags_, choice_, rule_) \
    {"" name_, sizeof(name_) - 1, (flags_), (choice_), &sh_##shape_, rule_}
#define SHAPE_(name_, base_, rows_) {name_, PRIM_NONE, base_, LEN(rows_), rows_}
#define ELEMENT(name_, rows_) SHAPE_(name_, BASE_ELEMENT, rows_)
#define BACKBONE(name_, rows_) SHAPE_(name_, BASE_BACKBONE, rows_)
#define RESOURCE(name_, rows_) SHAPE_(name_, BASE_RESOURCE, rows_)
#define DOMAIN(name_, rows_) SHAPE_(name_, BASE_DOMAIN, rows_)

/* clang-format off */
#define FHIR_PRIMITIVES(X) \
    X(boolean, "boolean", PRIM_BOOLEAN) X(integer, "integer", PRIM_INTEGER) \
    X(unsigned_int, "unsignedInt", PRIM_UNSIGNED_INT) \
    X(positive_int, "positiveInt", PRIM_POSITIVE_INT) X(decimal, "decimal", PRIM_DECIMAL) \
    X(string, "string", PRIM_STRING) X(markdown, "markdown", PRIM_MARKDOWN) \
    X(code, "code", PRIM_CODE) X(id, "id", PRIM_ID) X(uri, "uri", PRIM_URI) \
    X(url, "url", PRIM_URI) X(canonical, "canonical", PRIM_URI) X(oid, "oid", PRIM_OID) \
    X(uuid, "uuid", PRIM_UUID) X(base64_binary, "base64Binary", PRIM_BASE64) \
    X(instant, "instant", PRIM_INSTANT) X(date, "date", PRIM_DATE) \
    X(date_time, "dateTime", PRIM_DATE_TIME) X(time, "time", PRIM_TIME) \
    X(xhtml, "xhtml", PRIM_XHTML)

#define FHIR_DATA_TYPES(X) \
    X(identifier, "Identifier") X(human_name, "HumanName") X(contact_point, "ContactPoint") \
    X(address, "Address") X(codeable_concept, "CodeableConcept") X(attachment, "Attachment") \
    X(reference, "Reference") X(period, "Period") X(coding, "Coding") X(quantity, "Quantity") \
    X(ratio, "Ratio") X(range, "Range") X(timing, "Timing") X(annotation, "Annotation") \
    X(duration, "Duration") X(age, "Age") X(sampled_data, "SampledData") \
    X(narrative, "Narrative") X(signature, "Signature") X(contact_detail, "ContactDetail") \
    X(usage_context, "UsageContext") X(count, "Count") X(distance, "Distance") X(money, "Money") \
    X(contributor, "Contributor") X(data_requirement, "DataRequirement") \
    X(expression, "Expression") X(parameter_definition, "ParameterDefinition") \
    X(related_artifact, "RelatedArtifact") X(trigger_definition, "TriggerDefinition") \
    X(dosage, "Dosage") X(meta, "Meta") X(extension, "Extension")

#define FHIR_RESOURCES(X) \
    X(T_PATIENT, patient) X(T_PRACTITIONER, practitioner) \
    X(T_PRACTITIONER_ROLE, practitioner_role) X(T_ORGANIZATION, organization) \
    X(T_HEALTHCARE_SERVICE, healthcare_service) X(T_LOCATION, location) X(T_SCHEDULE, schedule) \
    X(T_SLOT, slot) X(T_SERVICE_REQUEST, service_request) X(T_TASK, task) \
    X(T_QUESTIONNAIRE, questionnaire) X(T_QUESTIONNAIRE_RESPONSE, questionnaire_response) \
    X(T_DOCUMENT_REFERENCE, document_reference) X(T_BINARY, binary) \
    X(T_COMMUNICATION, communication) X(T_COMPOSITION, composition) X(T_BUNDLE, bundle) \
    X(T_PROVENANCE, provenance) X(T_OBSERVATION, observation) X(T_CONDITION, condition) \
    X(T_CONSENT, consent) X(T_DIAGNOSTIC_REPORT, diagnostic_report) X(T_CODE_SYSTEM, code_system) \
    X(T_VALUE_SET, value_set) X(T_ENCOUNTER, encounter) X(T_IMAGING_STUDY, imaging_study) \
    X(T_AUDIT_EVENT, audit_event) X(T_OPERATION_OUTCOME, operation_outcome) \
    X(T_PARAMETERS, parameters)
/* clang-format on */

#define X(id, name, prim) extern const struct fhir_shape sh_##id;
FHIR_PRIMITIVES(X)
#undef X
#define X(id, name) extern const struct fhir_shape sh_##id;
FHIR_DATA_TYPES(X)
#undef X
#define X(type, id) extern const struct fhir_shape sh_##id;
FHIR_RESOURCES(X)
#undef X
extern const struct fhir_shape sh_any;      /* open choice */
extern const struct fhir_shape sh_resource; /* contained, entry.resource: any type */
