// What is said of the thing under the pointer.

import { h, name } from "./dom.js";
import { heldWords, stateLabel } from "./look.js";
import { stateAt } from "./model.js";
import { bracket, percent, plain, range, span, status, taker, when } from "./words.js";

const row = (...parts) => h("span", { class: "row" }, parts);

export function structureTip({ model, time }, one) {
  return [
    row(h("b", {}, name(one.name))),
    !model.blind && row(heldWords(model.styles, stateAt(one, time)), ` on ${when(time)}`),
  ];
}

export function sceneTip(scene) {
  const facts = [
    taker(scene),
    scene.gsd_m ? `${scene.gsd_m} m` : "",
    scene.cloud_percent === null ? "" : `cloud ${Math.round(scene.cloud_percent)} %`,
    scene.off_nadir === null ? "" : `${Math.round(scene.off_nadir)}° off nadir`,
  ];
  return [
    row(h("b", {}, span(scene))),
    row(name(facts.filter(Boolean).join(" · "))),
    status(scene) && row(status(scene)),
    !scene.pixels && row("no pixels in this case"),
    scene.credit && row(name(scene.credit)),
  ];
}

export function lookTip(model, look) {
  const source = model.sourceById.get(look.source);
  const by = look.machine ? "the machine" : look.observer || source?.publisher || "not named";
  return [
    row(h("b", {}, plain(look.state)), ` · confidence ${look.confidence}`),
    row(span(look), " · ", name(by)),
    look.paraphrase && row(name(look.paraphrase)),
  ];
}

export function eventTip(event) {
  return [row(h("b", {}, name(event.what))), row(event.text, event.place ? " · " : "", event.place && name(event.place))];
}

export function changeTip(styles, change) {
  return [
    row(h("b", {}, `${plain(change.from)} to ${plain(change.to)}`)),
    row(bracket(change.after, change.by)),
    change.after !== null && row(`90 %: ${range(...change.interval90)}; 50 %: ${range(...change.interval50)}`),
    row(`P(in this bracket): ${percent(change.probability)}`),
  ];
}

export function segmentTip(styles, segment) {
  return [
    row(h("b", {}, stateLabel(styles, segment.state))),
    row(`between looks that agree: ${range(segment.first, segment.last)}`),
  ];
}
