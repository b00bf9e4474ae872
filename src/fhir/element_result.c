/* fhir/element_result.c - element rows of FHIR R4 4.0.1:
 * observations, reports, files, images. See element.h. */
#include "fhir/element_int.h"

/* clang-format off */
static const struct fhir_element el_observation_reference_range[] = {
    E("low", quantity, 0, 0, NULL),
    E("high", quantity, 0, 0, NULL),
    E("type", codeable_concept, 0, 0, NULL),
    E("appliesTo", codeable_concept, MANY, 0, NULL),
    E("age", range, 0, 0, NULL),
    E("text", string, 0, 0, NULL),
};
static const struct fhir_shape sh_observation_reference_range =
    BACKBONE("Observation.referenceRange", el_observation_reference_range);

static const struct fhir_element el_observation_component[] = {
    E("code", codeable_concept, REQ, 0, NULL),
    E("valueQuantity", quantity, 0, 1, NULL),
    E("valueCodeableConcept", codeable_concept, 0, 1, NULL),
    E("valueString", string, 0, 1, NULL),
    E("valueBoolean", boolean, 0, 1, NULL),
    E("valueInteger", integer, 0, 1, NULL),
    E("valueRange", range, 0, 1, NULL),
    E("valueRatio", ratio, 0, 1, NULL),
    E("valueSampledData", sampled_data, 0, 1, NULL),
    E("valueTime", time, 0, 1, NULL),
    E("valueDateTime", date_time, 0, 1, NULL),
    E("valuePeriod", period, 0, 1, NULL),
    E("dataAbsentReason", codeable_concept, 0, 0, NULL),
    E("interpretation", codeable_concept, MANY, 0, NULL),
    E("referenceRange", observation_reference_range, MANY, 0, NULL),
};
static const struct fhir_shape sh_observation_component =
    BACKBONE("Observation.component", el_observation_component);

static const struct fhir_element el_observation[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("basedOn", reference, MANY, 0,
      "CarePlan|DeviceRequest|ImmunizationRecommendation|MedicationRequest|NutritionOrder|"
      "ServiceRequest"),
    E("partOf", reference, MANY, 0,
      "MedicationAdministration|MedicationDispense|MedicationStatement|Procedure|"
      "Immunization|ImagingStudy"),
    E("status", code, REQ, 0,
      "registered|preliminary|final|amended|corrected|cancelled|entered-in-error|unknown"),
    E("category", codeable_concept, MANY, 0, NULL),
    E("code", codeable_concept, REQ, 0, NULL),
    E("subject", reference, 0, 0, "Patient|Group|Device|Location"),
    E("focus", reference, MANY, 0, NULL),
    E("encounter", reference, 0, 0, "Encounter"),
    E("effectiveDateTime", date_time, 0, 1, NULL),
    E("effectivePeriod", period, 0, 1, NULL),
    E("effectiveTiming", timing, 0, 1, NULL),
    E("effectiveInstant", instant, 0, 1, NULL),
    E("issued", instant, 0, 0, NULL),
    E("performer", reference, MANY, 0,
      "Practitioner|PractitionerRole|Organization|CareTeam|Patient|RelatedPerson"),
    E("valueQuantity", quantity, 0, 2, NULL),
    E("valueCodeableConcept", codeable_concept, 0, 2, NULL),
    E("valueString", string, 0, 2, NULL),
    E("valueBoolean", boolean, 0, 2, NULL),
    E("valueInteger", integer, 0, 2, NULL),
    E("valueRange", range, 0, 2, NULL),
    E("valueRatio", ratio, 0, 2, NULL),
    E("valueSampledData", sampled_data, 0, 2, NULL),
    E("valueTime", time, 0, 2, NULL),
    E("valueDateTime", date_time, 0, 2, NULL),
    E("valuePeriod", period, 0, 2, NULL),
    E("dataAbsentReason", codeable_concept, 0, 0, NULL),
    E("interpretation", codeable_concept, MANY, 0, NULL),
    E("note", annotation, MANY, 0, NULL),
    E("bodySite", codeable_concept, 0, 0, NULL),
    E("method", codeable_concept, 0, 0, NULL),
    E("specimen", reference, 0, 0, "Specimen"),
    E("device", reference, 0, 0, "Device|DeviceMetric"),
    E("referenceRange", observation_reference_range, MANY, 0, NULL),
    E("hasMember", reference, MANY, 0, "Observation|QuestionnaireResponse|MolecularSequence"),
    E("derivedFrom", reference, MANY, 0,
      "DocumentReference|ImagingStudy|Media|QuestionnaireResponse|Observation|"
      "MolecularSequence"),
    E("component", observation_component, MANY, 0, NULL),
};
const struct fhir_shape sh_observation = DOMAIN("Observation", el_observation);

static const struct fhir_element el_diagnostic_report_media[] = {
    E("comment", string, 0, 0, NULL),
    E("link", reference, REQ, 0, "Media"),
};
static const struct fhir_shape sh_diagnostic_report_media =
    BACKBONE("DiagnosticReport.media", el_diagnostic_report_media);

static const struct fhir_element el_diagnostic_report[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("basedOn", reference, MANY, 0,
      "CarePlan|ImmunizationRecommendation|MedicationRequest|NutritionOrder|ServiceRequest"),
    E("status", code, REQ, 0,
      "registered|partial|preliminary|final|amended|corrected|appended|cancelled|"
      "entered-in-error|unknown"),
    E("category", codeable_concept, MANY, 0, NULL),
    E("code", codeable_concept, REQ, 0, NULL),
    E("subject", reference, 0, 0, "Patient|Group|Device|Location"),
    E("encounter", reference, 0, 0, "Encounter"),
    E("effectiveDateTime", date_time, 0, 1, NULL),
    E("effectivePeriod", period, 0, 1, NULL),
    E("issued", instant, 0, 0, NULL),
    E("performer", reference, MANY, 0, "Practitioner|PractitionerRole|Organization|CareTeam"),
    E("resultsInterpreter", reference, MANY, 0,
      "Practitioner|PractitionerRole|Organization|CareTeam"),
    E("specimen", reference, MANY, 0, "Specimen"),
    E("result", reference, MANY, 0, "Observation"),
    E("imagingStudy", reference, MANY, 0, "ImagingStudy"),
    E("media", diagnostic_report_media, MANY, 0, NULL),
    E("conclusion", string, 0, 0, NULL),
    E("conclusionCode", codeable_concept, MANY, 0, NULL),
    E("presentedForm", attachment, MANY, 0, NULL),
};
const struct fhir_shape sh_diagnostic_report = DOMAIN("DiagnosticReport", el_diagnostic_report);

static const struct fhir_element el_document_reference_relates_to[] = {
    E("code", code, REQ, 0, "replaces|transforms|signs|appends"),
    E("target", reference, REQ, 0, "DocumentReference"),
};
static const struct fhir_shape sh_document_reference_relates_to =
    BACKBONE("DocumentReference.relatesTo", el_document_reference_relates_to);

static const struct fhir_element el_document_reference_content[] = {
    E("attachment", attachment, REQ, 0, NULL),
    E("format", coding, 0, 0, NULL),
};
static const struct fhir_shape sh_document_reference_content =
    BACKBONE("DocumentReference.content", el_document_reference_content);

static const struct fhir_element el_document_reference_context[] = {
    E("encounter", reference, MANY, 0, "Encounter|EpisodeOfCare"),
    E("event", codeable_concept, MANY, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("facilityType", codeable_concept, 0, 0, NULL),
    E("practiceSetting", codeable_concept, 0, 0, NULL),
    E("sourcePatientInfo", reference, 0, 0, "Patient"),
    E("related", reference, MANY, 0, NULL),
};
static const struct fhir_shape sh_document_reference_context =
    BACKBONE("DocumentReference.context", el_document_reference_context);

static const struct fhir_element el_document_reference[] = {
    E("masterIdentifier", identifier, 0, 0, NULL),
    E("identifier", identifier, MANY, 0, NULL),
    E("status", code, REQ, 0, "current|superseded|entered-in-error"),
    E("docStatus", code, 0, 0, "preliminary|final|amended|entered-in-error"),
    E("type", codeable_concept, 0, 0, NULL),
    E("category", codeable_concept, MANY, 0, NULL),
    E("subject", reference, 0, 0, "Patient|Practitioner|Group|Device"),
    E("date", instant, 0, 0, NULL),
    E("author", reference, MANY, 0,
      "Practitioner|PractitionerRole|Organization|Device|Patient|RelatedPerson"),
    E("authenticator", reference, 0, 0, "Practitioner|PractitionerRole|Organization"),
    E("custodian", reference, 0, 0, "Organization"),
    E("relatesTo", document_reference_relates_to, MANY, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("securityLabel", codeable_concept, MANY, 0, NULL),
    E("content", document_reference_content, REQ | MANY, 0, NULL),
    E("context", document_reference_context, 0, 0, NULL),
};
const struct fhir_shape sh_document_reference = DOMAIN("DocumentReference", el_document_reference);

static const struct fhir_element el_imaging_study_series_performer[] = {
    E("function", codeable_concept, 0, 0, NULL),
    E("actor", reference, REQ, 0,
      "Practitioner|PractitionerRole|Organization|CareTeam|Patient|Device|RelatedPerson"),
};
static const struct fhir_shape sh_imaging_study_series_performer =
    BACKBONE("ImagingStudy.series.performer", el_imaging_study_series_performer);

static const struct fhir_element el_imaging_study_series_instance[] = {
    E("uid", id, REQ, 0, NULL),
    E("sopClass", coding, REQ, 0, NULL),
    E("number", unsigned_int, 0, 0, NULL),
    E("title", string, 0, 0, NULL),
};
static const struct fhir_shape sh_imaging_study_series_instance =
    BACKBONE("ImagingStudy.series.instance", el_imaging_study_series_instance);

static const struct fhir_element el_imaging_study_series[] = {
    E("uid", id, REQ, 0, NULL),
    E("number", unsigned_int, 0, 0, NULL),
    E("modality", coding, REQ, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("numberOfInstances", unsigned_int, 0, 0, NULL),
    E("endpoint", reference, MANY, 0, "Endpoint"),
    E("bodySite", coding, 0, 0, NULL),
    E("laterality", coding, 0, 0, NULL),
    E("specimen", reference, MANY, 0, "Specimen"),
    E("started", date_time, 0, 0, NULL),
    E("performer", imaging_study_series_performer, MANY, 0, NULL),
    E("instance", imaging_study_series_instance, MANY, 0, NULL),
};
static const struct fhir_shape sh_imaging_study_series =
    BACKBONE("ImagingStudy.series", el_imaging_study_series);

static const struct fhir_element el_imaging_study[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("status", code, REQ, 0, "registered|available|cancelled|entered-in-error|unknown"),
    E("modality", coding, MANY, 0, NULL),
    E("subject", reference, REQ, 0, "Patient|Device|Group"),
    E("encounter", reference, 0, 0, "Encounter"),
    E("started", date_time, 0, 0, NULL),
    E("basedOn", reference, MANY, 0,
      "CarePlan|ServiceRequest|Appointment|AppointmentResponse|Task"),
    E("referrer", reference, 0, 0, "Practitioner|PractitionerRole"),
    E("interpreter", reference, MANY, 0, "Practitioner|PractitionerRole"),
    E("endpoint", reference, MANY, 0, "Endpoint"),
    E("numberOfSeries", unsigned_int, 0, 0, NULL),
    E("numberOfInstances", unsigned_int, 0, 0, NULL),
    E("procedureReference", reference, 0, 0, "Procedure"),
    E("procedureCode", codeable_concept, MANY, 0, NULL),
    E("location", reference, 0, 0, "Location"),
    E("reasonCode", codeable_concept, MANY, 0, NULL),
    E("reasonReference", reference, MANY, 0,
      "Condition|Observation|Media|DiagnosticReport|DocumentReference"),
    E("note", annotation, MANY, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("series", imaging_study_series, MANY, 0, NULL),
};
const struct fhir_shape sh_imaging_study = DOMAIN("ImagingStudy", el_imaging_study);

static const struct fhir_element el_binary[] = {
    E("contentType", code, REQ, 0, NULL),
    E("securityContext", reference, 0, 0, NULL),
    E("data", base64_binary, 0, 0, NULL),
};
const struct fhir_shape sh_binary = RESOURCE("Binary", el_binary);
