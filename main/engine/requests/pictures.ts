/** Requests about pictures that need no model: a mask from a colour or from words, a picture written in another form. */
import { z } from 'zod'

const filePath = z.string().min(1)

/** `mask`: where a colour is, or where words look according to the maps that `attention` wrote. */
export const maskSchema = z.object({
  task: z.literal('mask'),
  image: filePath.describe('picture to make a mask for'),
  colour: z.string().regex(/^#[0-9a-fA-F]{6}$/).optional().describe('centre of a range of colours, as #rrggbb'),
  tolerance: z.number().min(0).max(1).default(0.1).describe('distance from the colour in OKLab, 0 to 1'),
  where: z.string().min(1).max(1000).optional().describe('condition on the attention of words, as in "attention(car) > 0.4"'),
  maps: filePath.optional().describe('maps.safetensors that `attention` wrote for this picture'),
  out: filePath.describe('mask file to write: .png'),
})

/** `picture`: decodes a picture and writes it in the form that the name of the result asks for. */
export const pictureSchema = z.object({
  task: z.literal('picture'),
  image: filePath.describe('picture to write anew'),
  out: filePath.describe('result file: .png, .jpg, .webp or .tif'),
  quality: z.number().int().min(1).max(100).default(92).describe('quality of JPEG and WebP, 1 to 100'),
  recipe: z.boolean().default(true).describe('keep the recipe in the picture'),
  metadataFrom: filePath.optional().describe('picture whose EXIF, profile and other metadata the result gets instead of its own'),
})
