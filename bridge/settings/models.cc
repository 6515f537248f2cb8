#include "settings/models.h"

#include <array>
#include <cctype>
#include <cstdio>

#include "settings/load.h"
#include "settings/reader.h"

namespace printfleet::settings {
namespace {

bool IsLevel(const std::string& text) {
  return text.find_first_of("/+#") == std::string::npos;
}

bool IsVersionTriple(const std::string& text) {
  int numbers = 0;
  bool digit_before = false;
  for (const char c : text) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit && (c != '.' || !digit_before)) {
      return false;
    }
    numbers += digit && !digit_before ? 1 : 0;
    digit_before = digit;
  }
  return numbers == 3 && digit_before;
}

void CheckModel(const Section& section, const Model& model, const ModelRegistry& registry) {
  for (const auto& key : {"id", "name"}) {
    if (!section.Has(key)) {
      section.Error("", std::string(key) + " is missing");
    }
  }
  if (!IsLevel(model.id)) {
    section.Error("id", "is a level of topics: no \"/\", \"+\" or \"#\"");
  }
  for (const auto& [id, other] : registry.all()) {
    if (id == model.id) {
      section.Error("id", "\"" + id + "\" is here twice");
    }
    if (other.name == model.name || other.name == model.id || id == model.name) {
      section.Error("name", "\"" + model.name + "\" already names model " + id);
    }
  }
  if (model.z_offset_mm_min > model.z_offset_mm_max) {
    section.Error("z_offset_mm_min", "is above z_offset_mm_max");
  }
  if (model.speed_modes.empty()) {
    section.Error("speed_modes", "is empty");
  }
  if (!IsVersionTriple(model.short_topics_from)) {
    section.Error("short_topics_from", "wanted three numbers like 3.1.0");
  }
}

void ReadModel(Section section, ModelRegistry& registry) {
  Model model;
  section.Text("id", model.id);
  section.Text("name", model.name);
  section.Text("title", model.title);
  section.TextList("slicer_names", model.slicer_names);
  section.Number("nozzle_target_c_max", {1, 600}, model.nozzle_target_c_max);
  section.Number("bed_target_c_max", {1, 300}, model.bed_target_c_max);
  section.Number("z_offset_mm_min", {-100, 100}, model.z_offset_mm_min);
  section.Number("z_offset_mm_max", {-100, 100}, model.z_offset_mm_max);
  section.Number("build_x_mm", {1, 10000}, model.build_x_mm);
  section.Number("build_y_mm", {1, 10000}, model.build_y_mm);
  section.Number("build_z_mm", {1, 10000}, model.build_z_mm);
  section.TextList("speed_modes", model.speed_modes);
  section.Number("job_time_unit_s", {0, 3600}, model.job_time_unit_s);
  section.Flag("material_in_mm", model.material_in_mm);
  section.Text("no_task_id", model.no_task_id);
  section.Text("short_topics_from", model.short_topics_from);
  CheckModel(section, model, registry);
  section.Finish();
  if (!model.id.empty() && registry.Find(model.id) == nullptr) {
    registry.Add(std::move(model));
  }
}

}  // namespace

ModelRegistry LoadModels(const std::string& text, const std::string& file,
                         std::vector<Problem>& problems) {
  ModelRegistry registry;
  ReadListFile(
      text, file, "models",
      [&registry](Section section) { ReadModel(std::move(section), registry); }, problems);
  return registry;
}

}  // namespace printfleet::settings
