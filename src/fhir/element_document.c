/* fhir/element_document.c - element rows of FHIR R4 4.0.1:
 * documents, bundles, provenance, answered forms, outcomes. See element.h. */
#include "fhir/element_int.h"

/* clang-format off */
static const struct fhir_element el_composition_attester[] = {
    E("mode", code, REQ, 0, "personal|professional|legal|official"),
    E("time", date_time, 0, 0, NULL),
    E("party", reference, 0, 0, "Patient|RelatedPerson|Practitioner|PractitionerRole|Organization"),
};
static const struct fhir_shape sh_composition_attester =
    BACKBONE("Composition.attester", el_composition_attester);

static const struct fhir_element el_composition_relates_to[] = {
    E("code", code, REQ, 0, "replaces|transforms|signs|appends"),
    E("targetIdentifier", identifier, REQ, 1, NULL),
    E("targetReference", reference, REQ, 1, "Composition"),
};
static const struct fhir_shape sh_composition_relates_to =
    BACKBONE("Composition.relatesTo", el_composition_relates_to);

static const struct fhir_element el_composition_event[] = {
    E("code", codeable_concept, MANY, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("detail", reference, MANY, 0, NULL),
};
static const struct fhir_shape sh_composition_event =
    BACKBONE("Composition.event", el_composition_event);

static const struct fhir_shape sh_composition_section;
static const struct fhir_element el_composition_section[] = {
    E("title", string, 0, 0, NULL),
    E("code", codeable_concept, 0, 0, NULL),
    E("author", reference, MANY, 0,
      "Practitioner|PractitionerRole|Device|Patient|RelatedPerson|Organization"),
    E("focus", reference, 0, 0, NULL),
    E("text", narrative, 0, 0, NULL),
    E("mode", code, 0, 0, "working|snapshot|changes"),
    E("orderedBy", codeable_concept, 0, 0, NULL),
    E("entry", reference, MANY, 0, NULL),
    E("emptyReason", codeable_concept, 0, 0, NULL),
    E("section", composition_section, MANY, 0, NULL),
};
static const struct fhir_shape sh_composition_section =
    BACKBONE("Composition.section", el_composition_section);

static const struct fhir_element el_composition[] = {
    E("identifier", identifier, 0, 0, NULL),
    E("status", code, REQ, 0, "preliminary|final|amended|entered-in-error"),
    E("type", codeable_concept, REQ, 0, NULL),
    E("category", codeable_concept, MANY, 0, NULL),
    E("subject", reference, 0, 0, NULL),
    E("encounter", reference, 0, 0, "Encounter"),
    E("date", date_time, REQ, 0, NULL),
    E("author", reference, REQ | MANY, 0,
      "Practitioner|PractitionerRole|Device|Patient|RelatedPerson|Organization"),
    E("title", string, REQ, 0, NULL),
    E("confidentiality", code, 0, 0, "U|L|M|N|R|V"),
    E("attester", composition_attester, MANY, 0, NULL),
    E("custodian", reference, 0, 0, "Organization"),
    E("relatesTo", composition_relates_to, MANY, 0, NULL),
    E("event", composition_event, MANY, 0, NULL),
    E("section", composition_section, MANY, 0, NULL),
};
const struct fhir_shape sh_composition = DOMAIN("Composition", el_composition);

static const struct fhir_element el_bundle_link[] = {
    E("relation", string, REQ, 0, NULL),
    E("url", uri, REQ, 0, NULL),
};
static const struct fhir_shape sh_bundle_link = BACKBONE("Bundle.link", el_bundle_link);

static const struct fhir_element el_bundle_entry_search[] = {
    E("mode", code, 0, 0, "match|include|outcome"),
    E("score", decimal, 0, 0, NULL),
};
static const struct fhir_shape sh_bundle_entry_search =
    BACKBONE("Bundle.entry.search", el_bundle_entry_search);

static const struct fhir_element el_bundle_entry_request[] = {
    E("method", code, REQ, 0, "GET|HEAD|POST|PUT|DELETE|PATCH"),
    E("url", uri, REQ, 0, NULL),
    E("ifNoneMatch", string, 0, 0, NULL),
    E("ifModifiedSince", instant, 0, 0, NULL),
    E("ifMatch", string, 0, 0, NULL),
    E("ifNoneExist", string, 0, 0, NULL),
};
static const struct fhir_shape sh_bundle_entry_request =
    BACKBONE("Bundle.entry.request", el_bundle_entry_request);

static const struct fhir_element el_bundle_entry_response[] = {
    E("status", string, REQ, 0, NULL),
    E("location", uri, 0, 0, NULL),
    E("etag", string, 0, 0, NULL),
    E("lastModified", instant, 0, 0, NULL),
    E("outcome", resource, 0, 0, NULL),
};
static const struct fhir_shape sh_bundle_entry_response =
    BACKBONE("Bundle.entry.response", el_bundle_entry_response);

static const struct fhir_element el_bundle_entry[] = {
    E("link", bundle_link, MANY, 0, NULL),
    E("fullUrl", uri, 0, 0, NULL),
    E("resource", resource, 0, 0, NULL),
    E("search", bundle_entry_search, 0, 0, NULL),
    E("request", bundle_entry_request, 0, 0, NULL),
    E("response", bundle_entry_response, 0, 0, NULL),
};
static const struct fhir_shape sh_bundle_entry = BACKBONE("Bundle.entry", el_bundle_entry);

static const struct fhir_element el_bundle[] = {
    E("identifier", identifier, 0, 0, NULL),
    E("type", code, REQ, 0,
      "document|message|transaction|transaction-response|batch|batch-response|history|"
      "searchset|collection"),
    E("timestamp", instant, 0, 0, NULL),
    E("total", unsigned_int, 0, 0, NULL),
    E("link", bundle_link, MANY, 0, NULL),
    E("entry", bundle_entry, MANY, 0, NULL),
    E("signature", signature, 0, 0, NULL),
};
const struct fhir_shape sh_bundle = RESOURCE("Bundle", el_bundle);

static const struct fhir_element el_provenance_agent[] = {
    E("type", codeable_concept, 0, 0, NULL),
    E("role", codeable_concept, MANY, 0, NULL),
    E("who", reference, REQ, 0,
      "Practitioner|PractitionerRole|RelatedPerson|Patient|Device|Organization"),
    E("onBehalfOf", reference, 0, 0,
      "Practitioner|PractitionerRole|RelatedPerson|Patient|Device|Organization"),
};
static const struct fhir_shape sh_provenance_agent =
    BACKBONE("Provenance.agent", el_provenance_agent);

static const struct fhir_element el_provenance_entity[] = {
    E("role", code, REQ, 0, "derivation|revision|quotation|source|removal"),
    E("what", reference, REQ, 0, NULL),
    E("agent", provenance_agent, MANY, 0, NULL),
};
static const struct fhir_shape sh_provenance_entity =
    BACKBONE("Provenance.entity", el_provenance_entity);

static const struct fhir_element el_provenance[] = {
    E("target", reference, REQ | MANY, 0, NULL),
    E("occurredPeriod", period, 0, 1, NULL),
    E("occurredDateTime", date_time, 0, 1, NULL),
    E("recorded", instant, REQ, 0, NULL),
    E("policy", uri, MANY, 0, NULL),
    E("location", reference, 0, 0, "Location"),
    E("reason", codeable_concept, MANY, 0, NULL),
    E("activity", codeable_concept, 0, 0, NULL),
    E("agent", provenance_agent, REQ | MANY, 0, NULL),
    E("entity", provenance_entity, MANY, 0, NULL),
    E("signature", signature, MANY, 0, NULL),
};
const struct fhir_shape sh_provenance = DOMAIN("Provenance", el_provenance);

static const struct fhir_element el_audit_event_agent_network[] = {
    E("address", string, 0, 0, NULL),
    E("type", code, 0, 0, "1|2|3|4|5"),
};
static const struct fhir_shape sh_audit_event_agent_network =
    BACKBONE("AuditEvent.agent.network", el_audit_event_agent_network);

static const struct fhir_element el_audit_event_agent[] = {
    E("type", codeable_concept, 0, 0, NULL),
    E("role", codeable_concept, MANY, 0, NULL),
    E("who", reference, 0, 0,
      "PractitionerRole|Practitioner|Organization|Device|Patient|RelatedPerson"),
    E("altId", string, 0, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("requestor", boolean, REQ, 0, NULL),
    E("location", reference, 0, 0, "Location"),
    E("policy", uri, MANY, 0, NULL),
    E("media", coding, 0, 0, NULL),
    E("network", audit_event_agent_network, 0, 0, NULL),
    E("purposeOfUse", codeable_concept, MANY, 0, NULL),
};
static const struct fhir_shape sh_audit_event_agent =
    BACKBONE("AuditEvent.agent", el_audit_event_agent);

static const struct fhir_element el_audit_event_source[] = {
    E("site", string, 0, 0, NULL),
    E("observer", reference, REQ, 0,
      "PractitionerRole|Practitioner|Organization|Device|Patient|RelatedPerson"),
    E("type", coding, MANY, 0, NULL),
};
static const struct fhir_shape sh_audit_event_source =
    BACKBONE("AuditEvent.source", el_audit_event_source);

static const struct fhir_element el_audit_event_entity_detail[] = {
    E("type", string, REQ, 0, NULL),
    E("valueString", string, REQ, 1, NULL),
    E("valueBase64Binary", base64_binary, REQ, 1, NULL),
};
static const struct fhir_shape sh_audit_event_entity_detail =
    BACKBONE("AuditEvent.entity.detail", el_audit_event_entity_detail);

static const struct fhir_element el_audit_event_entity[] = {
    E("what", reference, 0, 0, NULL),
    E("type", coding, 0, 0, NULL),
    E("role", coding, 0, 0, NULL),
    E("lifecycle", coding, 0, 0, NULL),
    E("securityLabel", coding, MANY, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("query", base64_binary, 0, 0, NULL),
    E("detail", audit_event_entity_detail, MANY, 0, NULL),
};
static const struct fhir_shape sh_audit_event_entity =
    BACKBONE("AuditEvent.entity", el_audit_event_entity);

static const struct fhir_element el_audit_event[] = {
    E("type", coding, REQ, 0, NULL),
    E("subtype", coding, MANY, 0, NULL),
    E("action", code, 0, 0, "C|R|U|D|E"),
    E("period", period, 0, 0, NULL),
    E("recorded", instant, REQ, 0, NULL),
    E("outcome", code, 0, 0, "0|4|8|12"),
    E("outcomeDesc", string, 0, 0, NULL),
    E("purposeOfEvent", codeable_concept, MANY, 0, NULL),
    E("agent", audit_event_agent, REQ | MANY, 0, NULL),
    E("source", audit_event_source, REQ, 0, NULL),
    E("entity", audit_event_entity, MANY, 0, NULL),
};
const struct fhir_shape sh_audit_event = DOMAIN("AuditEvent", el_audit_event);

static const struct fhir_element el_operation_outcome_issue[] = {
    E("severity", code, REQ, 0, "fatal|error|warning|information"),
    E("code", code, REQ, 0,
      "invalid|structure|required|value|invariant|security|login|unknown|expired|forbidden|"
      "suppressed|processing|not-supported|duplicate|multiple-matches|not-found|deleted|"
      "too-long|code-invalid|extension|too-costly|business-rule|conflict|transient|"
      "lock-error|no-store|exception|timeout|incomplete|throttled|informational"),
    E("details", codeable_concept, 0, 0, NULL),
    E("diagnostics", string, 0, 0, NULL),
    E("location", string, MANY, 0, NULL),
    E("expression", string, MANY, 0, NULL),
};
static const struct fhir_shape sh_operation_outcome_issue =
    BACKBONE("OperationOutcome.issue", el_operation_outcome_issue);

static const struct fhir_element el_operation_outcome[] = {
    E("issue", operation_outcome_issue, REQ | MANY, 0, NULL),
};
const struct fhir_shape sh_operation_outcome = DOMAIN("OperationOutcome", el_operation_outcome);

static const struct fhir_shape sh_parameters_parameter;
static const struct fhir_element el_parameters_parameter[] = {
    E("name", string, REQ, 0, NULL),
    E("value", any, OPEN, 0, NULL),
    E("resource", resource, 0, 0, NULL),
    E("part", parameters_parameter, MANY, 0, NULL),
};
static const struct fhir_shape sh_parameters_parameter =
    BACKBONE("Parameters.parameter", el_parameters_parameter);

static const struct fhir_element el_parameters[] = {
    E("parameter", parameters_parameter, MANY, 0, NULL),
};
const struct fhir_shape sh_parameters = RESOURCE("Parameters", el_parameters);

static const struct fhir_shape sh_questionnaire_response_item;
static const struct fhir_element el_questionnaire_response_item_answer[] = {
    E("valueBoolean", boolean, 0, 1, NULL),
    E("valueDecimal", decimal, 0, 1, NULL),
    E("valueInteger", integer, 0, 1, NULL),
    E("valueDate", date, 0, 1, NULL),
    E("valueDateTime", date_time, 0, 1, NULL),
    E("valueTime", time, 0, 1, NULL),
    E("valueString", string, 0, 1, NULL),
    E("valueUri", uri, 0, 1, NULL),
    E("valueAttachment", attachment, 0, 1, NULL),
    E("valueCoding", coding, 0, 1, NULL),
    E("valueQuantity", quantity, 0, 1, NULL),
    E("valueReference", reference, 0, 1, NULL),
    E("item", questionnaire_response_item, MANY, 0, NULL),
};
static const struct fhir_shape sh_questionnaire_response_item_answer =
    BACKBONE("QuestionnaireResponse.item.answer", el_questionnaire_response_item_answer);

static const struct fhir_element el_questionnaire_response_item[] = {
    E("linkId", string, REQ, 0, NULL),
    E("definition", uri, 0, 0, NULL),
    E("text", string, 0, 0, NULL),
    E("answer", questionnaire_response_item_answer, MANY, 0, NULL),
    E("item", questionnaire_response_item, MANY, 0, NULL),
};
static const struct fhir_shape sh_questionnaire_response_item =
    BACKBONE("QuestionnaireResponse.item", el_questionnaire_response_item);

static const struct fhir_element el_questionnaire_response[] = {
    E("identifier", identifier, 0, 0, NULL),
    E("basedOn", reference, MANY, 0, "CarePlan|ServiceRequest"),
    E("partOf", reference, MANY, 0, "Observation|Procedure"),
    E("questionnaire", canonical, 0, 0, NULL),
    E("status", code, REQ, 0, "in-progress|completed|amended|entered-in-error|stopped"),
    E("subject", reference, 0, 0, NULL),
    E("encounter", reference, 0, 0, "Encounter"),
    E("authored", date_time, 0, 0, NULL),
    E("author", reference, 0, 0,
      "Device|Practitioner|PractitionerRole|Patient|RelatedPerson|Organization"),
    E("source", reference, 0, 0, "Patient|Practitioner|PractitionerRole|RelatedPerson"),
    E("item", questionnaire_response_item, MANY, 0, NULL),
};
const struct fhir_shape sh_questionnaire_response =
    DOMAIN("QuestionnaireResponse", el_questionnaire_response);
