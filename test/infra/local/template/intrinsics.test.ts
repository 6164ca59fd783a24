import { describe, expect, it } from "vitest";
import { creationOrder } from "../../../../infra/local/template/creation-order.ts";
import {
  IncompleteTemplateError,
  UnsupportedTemplateError,
} from "../../../../infra/local/template/errors.ts";
import { evaluate, type EvaluationContext } from "../../../../infra/local/template/intrinsics.ts";
import type { Template } from "../../../../infra/local/template/template.ts";

const template: Template = {
  Parameters: { Stage: { Default: "live" }, Size: {} },
  Mappings: { Sizes: { live: { memory: "1024" } } },
  Conditions: {
    IsLive: { "Fn::Equals": [{ Ref: "Stage" }, "live"] },
    IsTest: { "Fn::Not": [{ Condition: "IsLive" }] },
  },
  Resources: { Queue: { Type: "AWS::SQS::Queue" }, Role: { Type: "AWS::IAM::Role" } },
};

const context: EvaluationContext = {
  template,
  pseudoParameters: { "AWS::Region": "eu-central-1", "AWS::AccountId": "111122223333" },
  physical: new Map([
    ["Queue", { ref: "http://sqs/shop-raw.fifo", attributes: { Arn: "arn:shop-raw.fifo" } }],
  ]),
  imports: { "network-vpc": "vpc-1" },
};

const valueOf = (value: unknown): unknown => evaluate(value, context, "Properties.X");

describe("an intrinsic function", () => {
  it.each([
    ["Ref of a resource", { Ref: "Queue" }, "http://sqs/shop-raw.fifo"],
    ["Ref of a pseudo parameter", { Ref: "AWS::Region" }, "eu-central-1"],
    ["Ref of a parameter", { Ref: "Stage" }, "live"],
    ["GetAtt as a list", { "Fn::GetAtt": ["Queue", "Arn"] }, "arn:shop-raw.fifo"],
    ["GetAtt as a text", { "Fn::GetAtt": "Queue.Arn" }, "arn:shop-raw.fifo"],
    [
      "Sub",
      { "Fn::Sub": "${AWS::AccountId}-${Queue.Arn}-${!Literal}" },
      "111122223333-arn:shop-raw.fifo-${Literal}",
    ],
    [
      "Sub with variables",
      { "Fn::Sub": ["${name}/${Stage}", { name: { Ref: "AWS::Region" } }] },
      "eu-central-1/live",
    ],
    ["Join", { "Fn::Join": ["/", ["a", { Ref: "Stage" }, 3]] }, "a/live/3"],
    ["Split", { "Fn::Split": [":", { "Fn::GetAtt": ["Queue", "Arn"] }] }, ["arn", "shop-raw.fifo"]],
    ["Select", { "Fn::Select": ["1", { "Fn::Split": [":", "a:b"] }] }, "b"],
    ["FindInMap", { "Fn::FindInMap": ["Sizes", { Ref: "Stage" }, "memory"] }, "1024"],
    ["If", { "Fn::If": ["IsTest", "small", { Ref: "Stage" }] }, "live"],
    ["And, Or", { "Fn::And": [{ "Fn::Or": [false, { Condition: "IsLive" }] }, true] }, true],
    ["Base64", { "Fn::Base64": "shop" }, "c2hvcA=="],
    ["ImportValue", { "Fn::ImportValue": "network-vpc" }, "vpc-1"],
  ])("%s gets its value", (_, value, expected) => {
    expect(valueOf({ deep: [value] })).toEqual({ deep: [expected] });
  });

  it("AWS::NoValue removes its key or its list item", () => {
    expect(valueOf({ a: { Ref: "AWS::NoValue" }, b: [1, { Ref: "AWS::NoValue" }] })).toEqual({
      b: [1],
    });
  });

  it("leaves everything else as it is", () => {
    const value = { Effect: "Deny", Nested: { Reference: "x", Size: 3, On: true, Nothing: null } };
    expect(valueOf(value)).toEqual(value);
  });
});

describe("the evaluation of a template", () => {
  it.each([
    [{ "Fn::Cidr": ["10.0.0.0/16", 2, 8] }, "the intrinsic function Fn::Cidr"],
    [{ "Fn::GetAtt": ["Queue", "Colour"] }, "the attribute Colour of the AWS::SQS::Queue Queue"],
    [{ Ref: "Role" }, "the value of a reference to the AWS::IAM::Role Role"],
  ])("rejects an unknown function, attribute or reference with its path: %j", (value, what) => {
    expect(() => valueOf({ Inner: value })).toThrow(UnsupportedTemplateError);
    expect(() => valueOf({ Inner: value })).toThrow(
      new RegExp(
        `^the local run does not know ${what} \\(in the template at Properties\\.X\\.Inner`,
      ),
    );
  });

  it.each([
    [{ Ref: "Absent" }, "no resource Absent"],
    [{ Ref: "Size" }, "no resource Size"],
    [{ "Fn::ImportValue": "elsewhere" }, "nothing exports elsewhere"],
    [{ "Fn::If": ["Unheard", 1, 2] }, "no condition Unheard"],
    [{ "Fn::Select": [5, ["a"]] }, "selects nothing"],
    [{ "Fn::FindInMap": ["Sizes", "tiny", "memory"] }, "finds nothing"],
    [{ "Fn::Join": ["", "not a list"] }, "needs a list"],
  ])("rejects a name that the template lacks: %j", (value, what) => {
    expect(() => valueOf(value)).toThrow(IncompleteTemplateError);
    expect(() => valueOf(value)).toThrow(what);
  });
});

function queues(properties: Record<string, object>): Template {
  return {
    Resources: Object.fromEntries(
      Object.entries(properties).map(([id, Properties]) => [
        id,
        { Type: "AWS::SQS::Queue", Properties: { ...Properties } },
      ]),
    ),
  };
}

describe("resources", () => {
  it("are created after those that they name", () => {
    const chain = queues({
      First: { Arn: { "Fn::GetAtt": ["Second", "Arn"] } },
      Second: { Text: { "Fn::Sub": "${AWS::Region}/${Third.Arn}" } },
      Third: { List: [{ "Fn::Join": ["", [{ Ref: "Fourth" }]] }] },
      Fourth: {},
    });
    expect(creationOrder(chain, ["First", "Second", "Third", "Fourth"])).toEqual([
      "Fourth",
      "Third",
      "Second",
      "First",
    ]);
  });

  it("cannot depend on each other in a circle", () => {
    const circle = queues({ A: { x: { Ref: "B" } }, B: { x: { Ref: "A" } } });
    expect(() => creationOrder(circle, ["A", "B"])).toThrow("the resource A depends on itself");
  });
});
